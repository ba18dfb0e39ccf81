"""Made-up artists and titles, in Latin letters and in Hangul."""

from collections.abc import Callable

# One line of nouns and one of adjectives per genre; enough to give each its own vocabulary.
NOUNS = {
    "rock": "Engine Highway Thunder Radio Static Motel Riot Parade Gasoline Mirror Satellite Avenue",
    "pop": "Heart Summer Kiss Mirror Lipstick Weekend Butterfly Sugar Dancefloor Secret Balloon Polaroid",
    "metal": "Ashes Serpent Throne Winter Crown Abyss Hammer Wolves Plague Monolith Ruin Vulture",
    "country": "Whiskey River Truck Porch Prairie Rodeo Dust Creek Boots Barn Sundown Fiddle",
    "hiphop": "Block Crown Paper Corner Cypher Rent Ladder Bassline Subway Concrete Chain Verses",
    "electronic": "Signal Circuit Pulse Vector Machine Laser Orbit Voltage Grid Sequence Neon Mirage",
    "folk": "Orchard Sparrow Harvest Lantern Meadow Fox Kettle Willow Letter Stone Ferry Bramble",
    "ambient": "Drift Tide Fog Glacier Stillness Horizon Vapour Lichen Echo Aurora Sediment Lull",
    "jazz": "Midnight Avenue Blues Corner Velvet Saxophone Lounge Uptown Swing Rain Smoke Standard",
    "kpop": "Galaxy Cherry Diamond Wonder Star Bubble Melody Moonlight Prism Ribbon Runway Crush",
    "classical": "Nocturnes Sonatas Variations Suites Preludes Requiem Quartets Serenade Etudes Partitas Elegy Songs",
    "reggae": "Island Roots River Sunshine Lion Ocean Rhythm Mountain Fire Shore Harmony Breeze",
}
ADJECTIVES = {
    "rock": "Broken Electric Wild Last Restless Loud",
    "pop": "Sweet Golden Perfect Pink Endless Crazy",
    "metal": "Black Eternal Burning Hollow Iron Frozen",
    "country": "Lonesome Old Dusty Honest Southern Blue",
    "hiphop": "Gold Heavy Real Midnight Hungry Cold",
    "electronic": "Digital Infinite Ultra Liquid Solar Phantom",
    "folk": "Quiet Wooden Autumn Northern Kind Crooked",
    "ambient": "Slow Distant Weightless Pale Submerged Inner",
    "jazz": "Blue Late Smooth Velvet Crimson Easy",
    "kpop": "Shiny Sweet Secret Lovely Fancy Twinkle",
    "classical": "Complete Early Late Sacred Winter Great",
    "reggae": "Sweet Rising Golden Easy Holy Green",
}
FIRST = "Ada Milo Iris Otis Nora Felix June Hugo Vera Amos Lena Rufus Cleo Jonas Wanda Silas Mabel Ezra".split()
LAST = "Marlow Quill Hartley Boone Lindqvist Okoro Vance Delacroix Tanaka Reyes Fenn Castell Novak Brandt Osei".split()
PLURALS = "Foxes Comets Orphans Lanterns Magnets Pilots Sailors Ghosts Tigers Arrows Mirrors Strangers".split()
PLACES = "Harbour Hall,the Old Mill,Union Square,the Blue Room,Riverside,Station Nine".split(",")

HANGUL_NOUNS = "밤 별 꿈 바다 봄날 여름 달빛 소녀 비밀 사랑 거울 나비 하늘 구름 편지 노래 불꽃 시간 향기 약속".split()
HANGUL_ADJECTIVES = "푸른 하얀 빛나는 달콤한 작은 붉은 뜨거운 고요한 새로운 깊은".split()
HANGUL_GROUPS = "달빛소녀 은하수 무지개 봄바람 별하나 다섯시 푸른숲 온새미로 첫눈 솜사탕 가온 나래".split()
HANGUL_FAMILY = "김 이 박 최 정 강 윤 한".split()
HANGUL_GIVEN = "서윤 하늘 지우 도현 은별 시우 나래 가람 다온 보라".split()

Pick = Callable[[list[str]], str]  # chooses one of a list


def artist_name(genre: str, hangul: bool, pick: Pick) -> str:
    """A singer's or group's name such as the genre's bands would carry."""
    if hangul:
        return pick([pick(HANGUL_GROUPS), pick(HANGUL_FAMILY) + pick(HANGUL_GIVEN)])
    person, last, group = f"{pick(FIRST)} {pick(LAST)}", pick(LAST), pick(PLURALS)
    noun, adjective = pick(NOUNS[genre].split()), pick(ADJECTIVES[genre].split())
    names = {
        "jazz": [person, f"{last} Quartet", f"{last} Trio", person],
        "classical": [person, f"{last} Ensemble", f"{last} Quartet", person],
        "hiphop": [f"Young {last}", f"MC {noun}", f"{adjective} {noun}", last],
        "metal": [noun, f"{adjective} {noun}", f"{noun}born", f"{adjective} {group}"],
        "electronic": [noun, f"{noun} {len(last)}", f"DJ {last}", last],
        "kpop": [noun.upper(), f"{adjective} {len(last)}", f"{noun}z", last],
        "ambient": [person, noun, last, f"{noun} Room"],
    }
    return pick(names.get(genre, [person, person, f"The {group}", f"{adjective} {group}"]))


def album_title(genre: str, hangul: bool, live: bool, pick: Pick) -> str:
    """An album title in the genre's vocabulary; live recordings may be named after the hall."""
    if hangul:
        noun, adjective = pick(HANGUL_NOUNS), pick(HANGUL_ADJECTIVES)
        other = pick([word for word in HANGUL_NOUNS if word != noun])
        return pick([noun, f"{adjective} {noun}", f"{adjective} {noun}", f"{noun}의 {other}"])
    noun = pick(NOUNS[genre].split())
    other = pick([word for word in NOUNS[genre].split() if word != noun])
    adjective, place = pick(ADJECTIVES[genre].split()), pick(PLACES)
    title = pick([noun, f"{adjective} {noun}", f"{adjective} {noun}", f"{noun} & {other}", f"The {adjective} {noun}"])
    return pick([f"Live at {place}", title]) if live else title
