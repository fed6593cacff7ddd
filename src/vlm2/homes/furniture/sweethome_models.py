"""Which Sweet Home 3D models we take, under which of our categories. Hand-made from their names, sizes and pictures.

Left out: people, vehicles, outdoor things, doors and windows (the plan makes those), and models in which other
countable things are part of the mesh (a desk with its computer), since counts must be exact.
Keys are the packs' file names, then the models' ids without the pack's name.
"""

from __future__ import annotations

BLENDSWAP_CC0 = {
    "chair": "armchair oakChair plasticChair sillaBlanca armchair2 chair modernArmchair antiqueChair chairWithCushion "
    "chair2 osakaChair winchesterArmchair designChair thonet",
    "nightstand": "bedsideTable2",
    "bed": "bed1 bed2 bedWithTexture bed3",
    "cup": "caffe_final",
    "lamp": "desklamp",
    "sofa": "L_shaped_sofa sofa couch couch2 sofa2 winchesterSofa",
    "tv": "led_tv",
    "table": "oakTable tableWithTablecloth table",
    "piano": "pianoAQueue",
    "radiator": "radiator3",
    "shelf": "shelves verticalShelves",
    "stool": "silla2 stool stool2",
    "fan": "tableFan",
    "tv stand": "televisionCabinet",
    "toilet": "toiletsUnit",
    "sink": "washbasin modernVanity sinkCabinet",
    "whiteboard": "whiteBoard",
    "closet": "wardrobeWithSlidingDoors",
    "crate": "ammoBox box crate",
    "cabinet": "bookcase cupboard drawersCabinet lowerCabinet",
    "desk": "lbDesk",
    "plant": "littlePlant augalas cactus orchids plant",
    "shoes": "slippers bootie",
    "trash bin": "dustbin",
    "refrigerator": "refrigerator largeFridge",
    "ceiling light": "lamp2",
    "guitar": "electricGuitar",
    "suitcase": "briefcase",
}
BLENDSWAP_CC_BY = {
    "backpack": "backpack",
    "bathtub": "bath_jay_hardy",
    "nightstand": "bedsideTable",
    "desk": "biurko3 simpleDesk officeTable",
    "bed": "juniorBed",
    "chair": "cafe_set_mota_chair cafe_set_tonon_chair chairWithCushion ella_chair_f leaf_chair armchair1 fotel "
    "classSeat foldingChair plaidChair armChair2 kitchenChair chair3 chair4",
    "table": "cafe_set_mota_table cafe_set_tonon_table coffeeTable table",
    "clock": "clock",
    "cup": "coffee_cup",
    "sofa": "sofa2 sofa3 couch3",
    "stool": "green_stool",
    "ceiling light": "hangingLight",
    "cabinet": "kitchenDrawersCabinet kitchenLowerCabinet kitchenSmallLowerCabinet dresserWithDrawers",
    "counter": "kitchenIsland",
    "sink": "kitchenSink washbasin_jay_hardy",
    "pan": "largePan",
    "stove": "largeStove",
    "plant": "mediumIndoorPlant yuccaPlant decorativePlant spider_plant succulentPlant",
    "microwave": "microwave",
    "piano": "piano",
    "toilet": "toilets_unit_jay_hardy modernToilet",
    "closet": "wardrobe wardrobe2",
    "washer": "washing_machine",
    "telephone": "wirelessOfficePhone3",
    "tv stand": "tvStand",
    "kettle": "espressokettle boiler",
    "lamp": "lamp",
    "laptop": "laptop",
    "suitcase": "suitcase",
    "bookshelf": "bookcase",
    "radiator": "modernRadiator",
}
KATOR_LEGAZ = {
    "sofa": "futon-couch mid-century-bench-sofa mid-century-sofa",
    "chair": "cafe-chair mid-century-chair dining-chair office-chair",
    "table": "cafe-table folding-table glass-dining-table",
    "trash bin": "residential-trashcan bullet-trash-can",
    "bowl": "bowl",
    "cup": "coffee-mug",
    "refrigerator": "fridge",
    "ceiling light": "hanging-restaurant-light",
    "stool": "bar-stool",
    "shelf": "utility-shelving",
    "laptop": "apple-ibook-2001",
    "cabinet": "filing-cabinet",
    "bookshelf": "full-bookcase",
}
SCOPIA = {
    "bed": "bed1 iron_bed captains-bed",
    "closet": "wardrobe1",
    "bowl": "bowl",
    "chair": "armchair3 armchair armchair1 chair3 chair4 chair office_chair tubular_chair armchair2 kids_desk_chair "
    "modern_armchair plastic_chair white_kitchen_chair",
    "table": "black_table saloon_table table3 table4 metal_glass_table living_room_table table_wood_and_iron "
    "white_kitchen_table coffee-table2 table-on-trestles table-with-leaning-feet round-table bar_table "
    "wooden_office_alder_table wooden_office_pear_table_rect",
    "sofa": "simple_sofa burlap_sofa leather_sofa convertible-sofa-BZ-closed",
    "plant": "maceta calla_lily_with_roses",
    "tv": "tv wall-flat-tv",
    "lamp": "desk_lamp1 desk_lamp2 little_lamp1 little_lamp2 table_lamp livingroom_lamp1",
    "ceiling light": "saloon_lamp ceiling-lamp",
    "desk": "wooden_table_office kids_desk_table kids_wooden_desk glass_table_office desk_table",
    "stool": "bar_chair kitchen_stool",
    "shelf": "kids_shelves",
    "bathtub": "corner_bathtub islandBath",
    "cup": "cup",
    "telephone": "phone",
    "kettle": "teapot",
    "washer": "clothes_washing_machine",
    "printer": "inkjet_and_scanner_printer",
    "shoes": "sneakers woman_shoes mocassin",
    "fireplace": "fireplace1",
    "box": "cardboard-box open-cardboard-box",
    "basket": "clothes-basket",
    "rug": "round-carpet",
    "towel": "com_bath3_toalla",
    "cabinet": "office_box",
}
ASSORTMENT = {
    "BlendSwap-CC-0": BLENDSWAP_CC0,
    "BlendSwap-CC-BY": BLENDSWAP_CC_BY,
    "KatorLegaz": KATOR_LEGAZ,
    "Scopia": SCOPIA,
}

ON_TOP = (
    "bowl",
    "clock",
    "cup",
    "fan",
    "kettle",
    "lamp",
    "laptop",
    "microwave",
    "pan",
    "printer",
    "telephone",
    "towel",
    "tv",
)
ON_WALL = ("wall-flat-tv",)
CARRYING = ("bed", "cabinet", "counter", "desk", "nightstand", "sofa", "table", "tv stand")
