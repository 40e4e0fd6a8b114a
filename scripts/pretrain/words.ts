// Plain words for column names. None is taken from a table used for training, selection or testing.
export const words =
  `amber anchor anvil apron arrow attic badge bamboo barrel basil beacon bell birch blanket blossom boulder bracket
  breeze brick bridge bronze brook bucket cabin cactus candle canyon carpet castle cedar chapel cherry chimney
  cinder clay cliff clover coal cobalt comet copper coral cotton cradle crane crater creek cricket crystal curtain
  daisy dawn delta desert dome dragon drum dune dust eagle echo elbow elm ember engine falcon feather fern ferry
  fiddle field flame flint flute forest fossil fountain frost galaxy garden garlic gate geyser ginger glacier globe
  granite grape gravel grove hammer harbor harvest hazel hedge helmet heron hinge hollow honey hook horizon ice
  indigo ink iron island ivory ivy jacket jade jasmine jungle kettle keystone kite ladder lagoon lake lantern lark
  laurel lava leaf ledge lemon lentil lichen lilac lime linen lobby locust lotus magnet maple marble marsh meadow
  melon meteor mill mint mirror mist mitten moss moth mountain mural nectar needle nest nickel nutmeg oak oasis
  olive onyx opal orbit orchard otter oven owl oyster paddle palm panel paper parcel peach pearl pebble pepper
  petal pine pipe planet plaza plum pocket pond poplar prairie prism pulley quarry quartz quill rabbit radar rail
  rain raven reef ribbon ridge river robin rocket rope ruby saddle saffron sail salt sand sapphire satin scarf
  shadow shell silk silver slate smoke snow spark spice spiral spring spruce steam steel stone storm stream sugar
  summit sunset swan tangle teal temple thistle thorn thunder tide timber tin topaz torch tower trail tulip tunnel
  turbine valley vapor velvet vine violet walnut wave wheat willow winter wolf wool zinc zephyr`.split(/\s+/);
