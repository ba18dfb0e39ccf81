"""How good, how varied: measurements on images, independent of the model that drew them."""
