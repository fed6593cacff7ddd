"""What people call things, colours, rooms, sizes and units; singular and plural."""

from __future__ import annotations

from ..scenes.vocabulary import SYNONYMS, VOCABULARY

THING = "thing"  # the label of a thing of any kind
STRUCTURE = frozenset({"wall", "floor", "ceiling", "beam", "pillar", "object", "other", "unknown"})
"""Labels of scans that are no one thing: no answer to "what is there?"."""

COLOURS = frozenset(
    "black white grey gray red orange yellow green blue purple violet pink brown beige tan gold golden silver cream "
    "maroon turquoise teal".split()
)
SHADES = frozenset({"dark", "light", "bright", "pale"})
ROOMS = frozenset({
    "kitchen", "bathroom", "bedroom", "living room", "dining room", "office", "study", "hall", "hallway", "corridor",
    "laundry room", "storage room", "lobby", "garage", "basement", "attic", "balcony", "nursery", "entrance hall",
})  # fmt: skip
UNITS = {
    "m": ("m", "meter", "meters", "metre", "metres"),
    "cm": ("cm", "centimeter", "centimeters", "centimetre", "centimetres"),
    "feet": ("ft", "feet", "foot"),
    "inches": ("inch", "inches"),
    "yards": ("yard", "yards"),
    "m²": ("m²", "m2", "sqm", "square meters", "square metres", "square meter", "square metre"),
    "square feet": ("square feet", "square foot", "sqft", "sq ft"),
}
PER_METRE = {"m": 1.0, "cm": 100.0, "feet": 3.28084, "inches": 39.3701, "yards": 1.09361}
PER_SQUARE_METRE = {"m²": 1.0, "square feet": 10.7639}

IRREGULAR = {
    "mice": "mouse", "shelves": "shelf", "bookshelves": "bookshelf", "knives": "knife", "people": "person",
    "children": "child", "men": "man", "women": "woman", "feet": "foot", "leaves": "leaf", "loaves": "loaf",
    "scarves": "scarf", "clothes": "clothes",
}  # fmt: skip
NO_PLURAL = ("ss", "us", "is")


def singular(noun: str) -> str:
    """Return a noun's singular: "trash bins" gives "trash bin"."""
    *before, last = noun.split(" ")
    if last in IRREGULAR:
        last = IRREGULAR[last]
    elif last.endswith("ies") and len(last) > 4:
        last = last[:-3] + "y"
    elif last.endswith(("ches", "shes", "sses", "xes")):
        last = last[:-2]
    elif last.endswith("s") and not last.endswith(NO_PLURAL) and len(last) > 2:
        last = last[:-1]
    return " ".join([*before, last])


def plural(noun: str) -> str:
    """Return a noun's plural: "trash bin" gives "trash bins"."""
    known = next((many for many, one in IRREGULAR.items() if noun == one or noun.endswith(f" {one}")), None)
    if known is not None:
        return noun[: len(noun) - len(IRREGULAR[known])] + known
    if singular(noun) != noun:
        return noun
    if noun.endswith("y") and noun[-2:-1] not in "aeiou":
        return f"{noun[:-1]}ies"
    return f"{noun}es" if noun.endswith(("s", "x", "ch", "sh")) else f"{noun}s"


NAMES = {singular(name): category for category in VOCABULARY[1:] for name in (category, *SYNONYMS.get(category, ()))}
"""The category of each name that the vocabulary has for a thing."""


def same_things(label: str) -> frozenset[str]:
    """Return the names, in the singular, of the things that a name stands for, itself among them."""
    own = singular(label)
    category = NAMES.get(own)
    return frozenset({own} if category is None else {own} | {name for name, of in NAMES.items() if of == category})


def a(noun: str) -> str:
    """Return a noun with its indefinite article."""
    return noun if singular(noun) != noun else f"{'an' if noun[:1] in 'aeiou' else 'a'} {noun}"


def listed(items: list[str], last: str = "and") -> str:
    """Return a list in words: "the bed, the sofa and the tv"."""
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} {last} {items[-1]}" if items else "nothing"

NOUNS = frozenset(
    "air arm armchair blind island tank furnace opening dumpster comforter headboard cutter bouquet aquarium shutter sofa-bed bedframe doorframe windowsill hatrack recliner loveseat hood cabinet-door thermostat art bag ball bar bath bathroom bean bench beverage bicycle bike board book bottle bouquet brush bulletin can "
    "candle car card cardboard cart cat clothes coat coffee conditioner container copier couch cover cream curtain curtain-rod "
    "cushion dining dishcloth dispenser display divider dog dresser drawer dryer dustbin easel end exhaust exercise "
    "extinguisher faucet file fire flower folder foot footrest frame freezer fruit game garbage glass glove hair hamper hand "
    "handrail hanger hat headphone heater iron ironing jacket jar kitchen ladder laundry laptop ledge locker machine magazine "
    "mailbox mat mattress medicine mini minifridge newspaper notebook office oil ottoman outlet oven package paint painting "
    "paper partition pen person pipe plate player plunger podium poster pot projector purse quilt rack rail recycling remote "
    "rice rod rope sack scale scanner screen seat shampoo sheet shirt shoe shower shredder side sign soap soda spoon "
    "stair stand staircase statue steps storage strip suit switch tea teapot tissue tire toaster tool toolbox toothbrush "
    "tote tray treadmill tube umbrella urinal vacuum vanity vase vending ventilator vent wardrobe washbasin water wheel wine wire".split()
)
"""Other names of things at home: known words, though no eyes may know them."""
ATTRIBUTES = frozenset(
    "round rectangular square circular oval curved flat wooden wood metal metallic plastic leather glass-topped marble "
    "stainless steel fabric small big large little tall short long wide narrow huge tiny high low old new open opened "
    "closed shut empty full messy clean dirty folded unmade made messed covered soft hard heavy comfortable multicolored "
    "multi-colored colorful striped patterned dark light bright pale clear transparent same different single double "
    "left-most rightmost leftmost middle central many most more few fewer other another both each every whole half "
    "left right front back upper lower top bottom main immediate real nice beautiful favorite lonely only".split()
)
"""Words for what a map does not hold of a thing, so that a question that says them is not understood."""
FUNCTION = frozenset(
    "is are was were be been being am do does did done doing have has had having can could will would shall should may "
    "might must i me my mine you your he him his she her it its we us our they them their what which who whom whose when "
    "where why how that this these those there here the a an and or but not no nor if then than as of to in on at by for "
    "from with without into onto over under above below behind between beside near next close closest nearest farthest "
    "furthest far away about around across along through during before after up down out off while because since until "
    "way direction side sides color colour colors colours size shape kind type number amount count many much any some all "
    "room rooms building place home house flat apartment video scene space everything nothing something time times second seconds "
    "minute minutes meter meters metre metres feet foot cm order first last distance height width length area degrees see "
    "seen saw look looks looking go goes going get find found tell name show shown stand stands standing sit sits sitting "
    "face faces facing turn turns walk walks walking reach located placed hanging appear appears give corner middle center "
    "centre end surface part piece pair set row rest material made called more less one ones two three four five six yes "
    "direct directly whether make makes use used using behind front left right back today tomorrow yesterday year month "
    "day week name names address age price cost weather hour clock-time city country".split()
)
"""Words that name no thing."""
