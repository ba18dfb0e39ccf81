"""ReccoBeats: audio features of tracks by their Spotify ids."""

import re
from collections.abc import Iterable

from helpers.sources.answers import rows, text
from helpers.sources.features import bare_id, known
from helpers.sources.http import Client

SPOTIFY_ID = re.compile("[0-9A-Za-z]{22}")


class ReccoBeats:
    """Audio features under the names and in the units of Spotify's, all of them but popularity; needs no key.

    How the values come about is not documented, nor on what terms they may be used: say "reccobeats" where they are
    shown, and do not take them for Spotify's own. Many tracks are not known. The rate is limited, to what is not said.

    https://reccobeats.com/docs/apis/get-audio-features

    Args:
        client: what asks.
        base_url: where the service is.
        interval: seconds between requests.
    """

    NAME = "reccobeats"  # for `features_source` of a record
    URL = "https://api.reccobeats.com"
    INTERVAL = 1.0
    BATCH = 40  # ids in a request

    def __init__(self, client: Client, base_url: str = URL, interval: float = INTERVAL):
        self.client, self.base_url = client, client.service(base_url, interval)

    def features(self, spotify_track_ids: Iterable[str]) -> dict[str, dict[str, float]]:
        """The features of tracks, by Spotify id in the order asked for; tracks that are not known are left out.

        Args:
            spotify_track_ids: 22 letters and digits each; anything else is passed over.

        Raises:
            Failed: if the service answers with an error, or with something else than a list of features.
            TryLater: if it wants a longer pause.
        """
        ids = [track for track in dict.fromkeys(spotify_track_ids) if SPOTIFY_ID.fullmatch(track)]
        found = {}
        for start in range(0, len(ids), self.BATCH):
            found |= self._ask(ids[start : start + self.BATCH])
        return {track: found[track] for track in ids if track in found}

    def _ask(self, ids: list[str]) -> dict[str, dict[str, float]]:
        """Features of a few tracks. The answer has an order of its own and gaps: only its links say what is whose."""
        url = f"{self.base_url}/v1/audio-features"
        found = rows(url, self.client.json(url, {"ids": ",".join(ids)}), "content")
        return {bare_id(text(row, "href")): features for row in found if (features := known(row))}
