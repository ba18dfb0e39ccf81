"""On what terms a source gives its covers away. Publicly visible is not licensed: whoever uses a cover must know."""

from dataclasses import dataclass

from helpers.records import Record


@dataclass(frozen=True)
class Terms:
    """What every record of a source says about its rights.

    Attributes:
        licence: of the cover, in a few words.
        url: where the source's terms are published.
        ml_use: whether they let a model train on the covers: "allowed", "unclear" or "forbidden".
        why: the reason for that verdict, in a sentence for people; no legal advice.
    """

    licence: str
    url: str
    ml_use: str
    why: str

    def record(self, source: str, source_id: str, **fields) -> Record:
        """A record that carries these terms; `fields` are the others of `helpers.records.Record`."""
        return Record(source, source_id, licence=self.licence, terms_url=self.url, ml_use=self.ml_use, **fields)
