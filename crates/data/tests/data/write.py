"""Writes the small files of this folder with the tools whose formats they are in.

NumPy 2.4.6, SciPy 1.17.1, h5py 3.16.0, safetensors 0.8.0, Pillow 13.0.0.
"""
import h5py
import numpy as np
import safetensors.numpy
import scipy.io
from PIL import Image

# Archives of NumPy: MedMNIST's names, dSprites' images beside an object array.
a = lambda n, start: (np.arange(n * 6).reshape(n, 2, 3) * 9 + start).astype("u1")
column = lambda *labels: np.array(labels, "u1")[:, None]
np.savez_compressed(
    "medmnist.npz",
    train_images=a(3, 0), train_labels=column(2, 0, 2),
    val_images=a(1, 1), val_labels=column(1),
    test_images=a(2, 2), test_labels=column(0, 1),
)
np.savez_compressed(
    "dsprites.npz",
    metadata=np.array({"title": "x"}, object),
    imgs=np.eye(4, dtype="u1")[None].repeat(2, 0),
    latents_classes=np.arange(12).reshape(2, 6),
    latents_values=np.arange(12).reshape(2, 6) / 3,
)

# One array in other layouts; the digits of scikit-learn count from 0 to 16.
rows = a(2, 0)
colour = (np.arange(24).reshape(1, 4, 2, 3) * 10).astype("u1")
np.savez_compressed(
    "layouts.npz",
    plain=rows, fortran=np.asfortranarray(rows), big=rows.astype(">u2"), unit=(rows / 255).astype("<f4"),
    half=(rows / 255).astype("<f2"), signed=(rows / 127.5 - 1).astype("f8"), to255=rows.astype("f4") + np.float32(0.25),
    rounded=np.array([[[0.5, np.nextafter(np.float32(1), np.float32(2))]]], "f4"),
    truth=rows > 50, digits=np.array([[[0.0, 4, 16], [8, 12, 1]]]),
    last=colour, first=np.moveaxis(colour, 3, 1),
)
# Labels that are one class each, several at once, and beside a table.
np.savez_compressed("onehot.npz", x_train=a(3, 0), y_train=np.eye(3, dtype="f4")[[2, 0, 1]])
np.savez_compressed("several.npz", x_train=a(3, 0), y_train=np.ones((3, 14), "u1"), x_test=a(1, 0), y_test=np.ones((1, 14)))

# SVHN: samples last, and 10 for zero. EMNIST: a struct, its images column by column.
x = np.zeros((32, 32, 3, 3), "u1")
x[1, 2, 0, 1], x[0, 0, 2, 2] = 200, 77
scipy.io.savemat("svhn.mat", {"X": x, "y": np.array([[1], [10], [9]], "u1")}, do_compression=True)
images = lambda n: np.stack([np.arange(784) * (i + 1) % 251 for i in range(n)]).astype("u1")
part = lambda n: {"images": images(n), "labels": np.arange(1, n + 1, dtype="f8")[:, None], "writers": np.ones((n, 1))}
mapping = np.array([[1, 65, 97], [2, 66, 98], [3, 67, 99]], "u1")
scipy.io.savemat(
    "emnist.mat", {"dataset": {"train": part(3), "test": part(2), "mapping": mapping}}, do_compression=True
)
scipy.io.savemat("table.mat", {"X": np.array([[1.5, -2, 3e4], [4, 5, 0.25]]), "y": [[True], [False]], "names": "text"})

# HDF5: packed and plain, big-endian, half floats, truth values, groups.
with h5py.File("parts.h5", "w") as file:
    file.create_dataset("train/x", data=a(3, 0), chunks=(2, 2, 2), compression="gzip", shuffle=True, fletcher32=True)
    file["train/y"] = np.array([True, False, True])
    file["test/x"] = a(1, 5)
    file["test/y"] = np.array([True])
    file["notes"] = "text"
with h5py.File("kinds.h5", "w") as file:
    file["half"] = np.array([[1.5, -2]], "<f2")
    file["big"] = np.array([[513, 7]], ">i4")
    file["double"] = np.array([[0.1, 1e9]], ">f8")
# What MATLAB 7.3 writes: 512 bytes of header, and axes in reverse.
with h5py.File("version73.mat", "w", userblock_size=512) as file:
    file["X"] = np.transpose(x)
    file["y"] = np.array([[1.0, 10, 9]])
with open("version73.mat", "r+b") as file:
    file.write(b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(124) + b"\0\2IM")

safetensors.numpy.save_file(
    {"images": a(2, 0), "labels": np.array([4, 7]), "weights": np.array([0.5, 2], "f2")}, "images.safetensors"
)

# Images: 10 bits in 16, floats and whole numbers of 32 bits, CMYK, a palette, face sets.
grey = np.array([[0, 255, 510], [765, 1020, 0]])
Image.fromarray(grey.astype("u2")).save("ten_bits.png")
Image.fromarray(grey.astype("u2")).save("ten_bits.tif")
Image.fromarray((grey / 1020).astype("f4")).save("float.tif")
Image.fromarray((grey * 1000).astype("i4")).save("whole.tif")
Image.fromarray(np.full((8, 8, 4), (0, 255, 255, 0), "u1"), "CMYK").save("cmyk.jpg", quality=95)
colours = Image.new("P", (2, 1))
colours.putpalette([255, 0, 0, 0, 0, 255])
colours.putpixel((1, 0), 1)
colours.save("palette.png")
colours.save("palette.tif")
colours.save("palette.bmp")
Image.fromarray(np.array([[0, 100, 255]], "u1")).save("face.pgm")
Image.fromarray(np.array([[[9, 8, 7]]], "u1")).save("face.ppm")
Image.fromarray(np.array([[True, False, True]])).save("face.pbm")
open("plain.pgm", "w").write("P2\n# by hand\n3 1\n15\n0 5 15\n")
