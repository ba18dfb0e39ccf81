"""spotipy with the manners of this course: its session, its errors, and no keys or tokens on disk or in a log.

spotipy 2.26 by itself waits out a "429, come back tomorrow" without a word, keeps its token in a file, and trips over
errors in other forms than Spotify's usual one. It is handed the session of `helpers.sources.http.Client`, which paces,
asks again, honours Retry-After and keeps answers, but neither tokens nor the requests for them.
"""

import logging
from collections.abc import Callable, Iterator

import requests
import spotipy

from helpers.errors import CourseError
from helpers.secrets import secret
from helpers.sources.answers import rows
from helpers.sources.http import Client, Failed, Refused

# spotipy writes tokens and keys to its log at level DEBUG, and errors, which are told here, at level ERROR.
logging.getLogger("spotipy").setLevel(logging.CRITICAL + 1)

CLIENT_ID, CLIENT_SECRET = "SPOTIPY_CLIENT_ID", "SPOTIPY_CLIENT_SECRET"
DASHBOARD = "https://developer.spotify.com/dashboard"
PAGE, FURTHEST = 10, 1000  # of searches and discographies, since February 2026: results on a page, and largest offset


class SpotifyAPI:
    """Spotify's Web API for an app that knows itself but no user ("client credentials").

    https://developer.spotify.com/documentation/web-api/tutorials/client-credentials-flow

    Args:
        client: what asks.
        client_id, client_secret: the app's keys; by default those of the environment or of Colab's Secrets.
        base_url, accounts_url: where the service and its login are.
        interval: seconds between requests.

    Attributes:
        calls: the methods of spotipy, for `ask` and `pages`.

    Raises:
        CourseError: if there are no keys.
    """

    def __init__(
        self,
        client: Client,
        client_id: str | None,
        client_secret: str | None,
        base_url: str,
        accounts_url: str,
        interval: float,
    ):
        self._login = spotipy.SpotifyClientCredentials(
            _key(client_id, CLIENT_ID),
            _key(client_secret, CLIENT_SECRET),
            requests_session=client.facts,
            cache_handler=spotipy.MemoryCacheHandler(),
        )
        self._login.OAUTH_TOKEN_URL = client.service(accounts_url, interval) + "/api/token"
        self.url = client.service(base_url, interval)
        self.calls = spotipy.Spotify(auth_manager=self._login, requests_session=client.facts, requests_timeout=None)
        self.calls.prefix = f"{self.url}/"

    def ask(self, call: Callable, *arguments, kind: type = dict, **options):
        """What spotipy answers, if it is of the kind that is expected.

        A token that has run out, as they do after an hour, is replaced once.

        Raises:
            CourseError: in place of all that spotipy raises; among them `Failed` and `TryLater`.
        """
        try:
            try:
                answer = call(*arguments, **options)
            except spotipy.SpotifyException as error:
                if error.http_status != 401:
                    raise
                self._login.get_access_token(as_dict=False, check_cache=False)
                answer = call(*arguments, **options)
        except spotipy.SpotifyException as error:
            raise self._sentence(error) from None
        except spotipy.SpotifyOauthError as error:
            raise CourseError(
                f"Spotify refuses the keys ({error.error}); copy client ID and secret once more from {DASHBOARD}."
            ) from None
        except (requests.RequestException, Refused) as error:
            why = error.reason if isinstance(error, Refused) else "no connection"
            raise Failed(self.url, None, f"cannot be reached ({why}); see that you are online and try again") from None
        except (AttributeError, KeyError, TypeError, ValueError):  # spotipy takes for granted what an answer looks like
            answer = None
        if not isinstance(answer, kind):
            raise Failed(self.url, None, "answered with something that spotipy cannot read; try again later")
        return answer

    def pages(
        self, call: Callable, *arguments, part: str = "", limit: int = PAGE, furthest: int = FURTHEST, **options
    ) -> Iterator[dict]:
        """The entries of one page after another, until the last or the furthest that may be asked for.

        Args:
            part: where in an answer the page is; by default it is all of it.
        """
        for offset in range(0, furthest + 1, limit):
            page = self.ask(call, *arguments, limit=limit, offset=offset, **options)
            page = page.get(part) if part else page
            yield from (entries := rows(self.url, page, "items"))
            if not entries or not page.get("next"):
                return

    def _sentence(self, error: spotipy.SpotifyException) -> CourseError:
        """What an error of Spotify's means for the reader."""
        message = str(error.msg).partition(":\n ")[2]
        if error.http_status == 403 and "premium" in message.lower():
            return CourseError(
                "Spotify answers apps only while their owner has Premium (a rule of 2026); the demo server and the "
                "other sources of this course need neither keys nor money."
            )
        if error.http_status == 400 and "invalid limit" in message.lower():
            return CourseError(
                f"Spotify refuses pages of {PAGE} ('Invalid limit'), so the rule of February 2026 has changed; see "
                "whether there is a newer version of this course."
            )
        return Failed(self.url, error.http_status, f"answered {error.http_status}: {message or 'nothing'}", message)


def _key(value: str | None, name: str) -> str:
    key = value or secret(name)
    if not key:
        raise CourseError(
            f"Spotify needs keys, and {name} is not set: make an app at {DASHBOARD} (with Premium) and put its "
            f"client ID and secret into {CLIENT_ID} and {CLIENT_SECRET}, in the environment or among Colab's Secrets; "
            "the demo server (notebook 02, covergan collect spotify --demo) needs none."
        )
    if not (key.isascii() and key.isalnum()):
        raise CourseError(f"{name} holds something else than letters and digits; copy it once more from {DASHBOARD}.")
    return key
