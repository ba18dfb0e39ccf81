"""DCGAN: draft, replaced after trials."""
import keras
from keras import layers

from helpers.gan import losses
from helpers.gan.base import GAN
def build(recipe="default", image_size=32, width=32):
    import math
    n=int(math.log2(image_size))-2
    x=i=layers.Input((100,)); c=width*2**(n-1)
    x=layers.Reshape((1,1,100))(x)
    x=layers.Conv2DTranspose(c,4,1,'valid',use_bias=False)(x); x=layers.BatchNormalization(momentum=.9)(x); x=layers.ReLU()(x)
    for k in range(n-1,0,-1):
        c=width*2**(k-1); x=layers.Conv2DTranspose(c,4,2,'same',use_bias=False)(x); x=layers.BatchNormalization(momentum=.9)(x); x=layers.ReLU()(x)
    x=layers.Conv2DTranspose(3,4,2,'same',activation='tanh',dtype="float32")(x)
    G=keras.Model(i,x)
    x=i=layers.Input((image_size,image_size,3))
    for k in range(n):
        x=layers.Conv2D(width*2**k,4,2,'same',use_bias=k==0)(x)
        if k: x=layers.BatchNormalization(momentum=.9)(x)
        x=layers.LeakyReLU(.2)(x)
    D=keras.Model(i,layers.Dense(1,dtype="float32")(layers.Flatten()(x)))
    gan=GAN(G,D,settings={"model":"dcgan","recipe":recipe,"image_size":image_size,"width":width})
    gan.compile(keras.optimizers.Adam(4e-4,beta_1=.5),keras.optimizers.Adam(4e-4,beta_1=.5))
    return gan
