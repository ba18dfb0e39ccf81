"""What each genre likes to show: hair, clothes, things, marks and places.

A preference is a likelihood: three covers in four choose among what their genre prefers, the fourth
among everything there is. Skin is nobody's preference.
"""

from collections.abc import Iterable

PREFERRED = 0.75  # share of covers

# Names as the layouts and `people` call them; said twice, twice as likely. First people, then what else there is.
_WARDROBES = {
    "rock": "quiff quiff curtain sweep long sunglasses none none jacket jacket vee undyed dance cheer folded "
    "trousers guitar guitar mic natural print rays wall crowd crowd skyline guitar hand town bands "
    "microphone eye burst facade facade stage stage street stripes mountains emblem stacked sliding",
    "pop": "bob bob wavy bun straight earrings earrings none bare bare roll undyed dyed lean show skirt empty "
    "natural natural disc wall crowd flower petals dots balloon flower bloom bulbs bulbs window sunset "
    "rings dots emblem stacked table",
    "metal": "long mane mane mane beard none none crew hood undyed cheer plain trousers guitar print silhouette "
    "rays skyline crowd bird hand hand hills bands microphone burst burst burst eye facade stage trails "
    "rings mountains horizon stacked near",
    "country": "hat hat hat beard wavy none none earrings collar collar jacket undyed plain lean trousers skirt "
    "guitar guitar empty natural natural wall disc line skyline mountain mountain mountain bird hills "
    "hills flower burst bloom sea leaves bulbs sunset stripes mountains mountains horizon scattered "
    "sliding",
    "hiphop": "cap cap beanie afro crop chain chain sunglasses headphones hood hood crew undyed folded folded show "
    "trousers mic empty natural wall stripes crowd line hand town town microphone eye record facade "
    "facade street street street stripes dots town pattern stacked stacked table",
    "electronic": "crop straight bob headphones headphones sunglasses roll hood dyed undyed cheer plain trousers empty "
    "silhouette print stripes panels hand hand dots dots bands balloon eye record facade trails trails "
    "stage glass rings rings dots town pattern repeated repeated near",
    "folk": "beard beard long bun hat none glasses collar roll vee undyed plain lean skirt gown guitar guitar "
    "natural wall line tree tree bird hills petals flower bloom bloom leaves leaves leaves bulbs sunset "
    "waves mountains horizon horizon scattered sleeve",
    "ambient": "long bun crop none none roll bare hood undyed plain gown empty silhouette silhouette disc skyline "
    "mountain mountain bird hills bands flower eye sea sea window mesh mesh sunset waves rings mountains "
    "sea horizon repeated near",
    "jazz": "hat hat crop bun beard glasses glasses none jacket jacket jacket roll undyed lean show trousers "
    "gown mic silhouette print print stripes line town town bands microphone record record eye facade "
    "window window street stripes dots town pattern scattered scattered table near",
    "kpop": "straight tails tails sweep curtain bob earrings earrings none bare crew jacket dyed dyed dyed "
    "undyed dance show hip skirt skirt trousers empty empty natural disc stripes line line panels crowd "
    "petals dots balloon balloon flower bloom bloom flower bulbs stage glass mesh dots emblem stacked "
    "sleeve",
    "classical": "bun bun sweep wavy crop none none glasses earrings jacket jacket bare bare undyed plain folded gown "
    "gown trousers empty natural natural disc line tree bird petals flower bloom bloom flower window "
    "window leaves sunset stripes mountains emblem emblem horizon scattered sleeve",
    "reggae": "locks locks locks afro curls beanie none none sunglasses crew crew vee hood undyed dance cheer "
    "trousers guitar mic print rays rays disc skyline palm palm palm hills hills flower burst burst "
    "record sea sea leaves sunset waves waves stripes sea horizon pattern stacked sleeve near",
}
_WARDROBES = {genre: tuple(names.split()) for genre, names in _WARDROBES.items()}


def choose(genre: str, options: Iterable[str], u: float) -> str:
    """One of the options, by a number `u` from 0 to 1: mostly one that the genre prefers, if it prefers any."""
    options = tuple(options)
    preferred = [name for name in _WARDROBES[genre] if name in options] or options
    if u < PREFERRED:
        return preferred[int(len(preferred) * u / PREFERRED)]
    return options[int(len(options) * (u - PREFERRED) / (1 - PREFERRED))]
