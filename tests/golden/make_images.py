#!/usr/bin/env python3
"""Writes tests/golden/images/: small pictures of every kind that is read, each with the pixels that
Pillow decodes it to, and pictures resized by Pillow. Made with Pillow 13.0.0, NumPy 2.

Usage: python3 tests/golden/make_images.py   (from the repository root)

  NAME.jpg NAME.png NAME.webp   the files
  NAME.npy                      u8 [h, w, c], upright, what is transparent over white
  images.inc                    { "NAME.jpg", h, w, c, orientation, tolerance }
  large_by2.npy ...             large.jpg decoded at a half, a quarter, an eighth
  resize.npy, resize.inc        { h, w, c, to h, to w, y0, x0, y1, x1, where in resize.npy, tolerance }
  samples.npy, samples.inc  pictures resized and cut as torchvision's Resize and CenterCrop do"""
import io
import pathlib
import struct
import zlib

import numpy as np
from PIL import Image, ImageOps

OUT = pathlib.Path("tests/golden/images")
cases = []


def picture(h, w, c, seed=0):
    """Slopes, an edge and some noise: u8 [h, w, c]."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:h, 0:w]
    planes = [(x * (3 + k) + y * (7 - 2 * k)) % 256 for k in range(c)]
    a = np.stack(planes, -1).astype(np.int64)
    a[h // 3:, w // 2:] = 255 - a[h // 3:, w // 2:]
    return np.clip(a + rng.integers(-12, 13, a.shape), 0, 255).astype(np.uint8)


def over_white(im):
    im = im.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", im.size, (255, 255, 255, 255)), im).convert("RGB")


def expected(data):
    """What a person would see: u8 [h, w, 1 or 3], and the orientation."""
    im = Image.open(io.BytesIO(data))
    orientation = im.getexif().get(0x0112, 1)
    grey = im.mode in ("1", "L", "LA", "I;16", "I;16B", "I")
    if im.mode.startswith("I"):
        a = (np.asarray(im).astype(np.int64) >> 8).astype(np.uint8)
        im = Image.fromarray(a)
    else:
        has_alpha = "A" in im.mode or "transparency" in im.info
        im = ImageOps.exif_transpose(im)
        im = over_white(im) if has_alpha else im.convert("RGB")
    a = np.asarray(im)
    if grey:
        a = a[..., :1] if a.ndim == 3 else a[..., None]
    return a, orientation


def put(name, data, tolerance=0, want=None):
    a, orientation = expected(data)
    if want is not None:
        a = want
    (OUT / name).write_bytes(data)
    np.save(OUT / (name.rsplit(".", 1)[0] + ".npy"), np.ascontiguousarray(a))
    cases.append((name, *a.shape, orientation, tolerance))


def save(a, mode, kind, **options):
    f = io.BytesIO()
    Image.fromarray(a[..., 0] if a.shape[-1] == 1 else a, mode).save(f, kind, **options)
    return f.getvalue()


def exif(orientation, order=">"):
    e = Image.Exif()
    e.endian = order
    e[0x0112] = orientation
    return e


# ---- JPEG --------------------------------------------------------------------------------------

def without_adobe(data):
    at = data.index(b"\xff\xee")
    return data[:at] + data[at + 2 + int.from_bytes(data[at + 2:at + 4], "big"):]


def with_transform(data, transform):
    at = data.index(b"Adobe")
    return data[:at + 11] + bytes([transform]) + data[at + 12:]


def ink_to_rgb(a):
    """[h, w, 4] not inverted, as Pillow's CMYK to RGB."""
    white = 255 - a[..., 3:].astype(np.int64)
    v = a[..., :3].astype(np.int64) * white + 128
    return np.clip(white - (((v >> 8) + v) >> 8), 0, 255).astype(np.uint8)


def make_jpegs():
    rgb, grey = picture(29, 37, 3), picture(29, 37, 1)
    put("rgb444.jpg", save(rgb, "RGB", "JPEG", quality=90, subsampling=0), 1)
    put("rgb422.jpg", save(rgb, "RGB", "JPEG", quality=80, subsampling=1), 1)
    put("rgb420.jpg", save(rgb, "RGB", "JPEG", quality=80, subsampling=2), 1)
    put("grey.jpg", save(grey, "L", "JPEG", quality=85), 1)
    put("progressive.jpg", save(rgb, "RGB", "JPEG", quality=80, progressive=True), 1)
    put("restart.jpg", save(rgb, "RGB", "JPEG", quality=80, restart_marker_blocks=2), 1)
    put("as_rgb.jpg", save(rgb, "RGB", "JPEG", quality=90, keep_rgb=True), 1)
    put("one_pixel.jpg", save(rgb[:1, :1], "RGB", "JPEG"), 1)
    cmyk = save(picture(21, 18, 4), "CMYK", "JPEG", quality=90, subsampling=0)
    put("cmyk_adobe.jpg", cmyk, 1)
    put("ycck_adobe.jpg", with_transform(cmyk, 2), 1)
    plain = without_adobe(cmyk)
    inverted = np.asarray(Image.open(io.BytesIO(plain)))  # Pillow always takes ink for inverted
    put("cmyk_plain.jpg", plain, 1, ink_to_rgb(255 - inverted))
    for k in range(1, 9):
        order = "<" if k % 2 else ">"
        put(f"turned{k}.jpg", save(picture(8, 13, 3), "RGB", "JPEG", quality=95, subsampling=0,
                                   exif=exif(k, order)), 1)
    large = save(picture(120, 162, 3), "RGB", "JPEG", quality=70)
    (OUT / "large.jpg").write_bytes(large)
    for d in (2, 4, 8):
        im = Image.open(io.BytesIO(large))
        im.draft("RGB", (162 // d, 120 // d))
        np.save(OUT / f"large_by{d}.npy", np.asarray(im))


# ---- PNG ---------------------------------------------------------------------------------------

CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
ADAM7 = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)]


def chunk(kind, data):
    body = kind + data
    return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))


def rows(a, depth):
    """Filter 0 and the packed samples of [h, w, c]."""
    out = b""
    for row in a.reshape(a.shape[0], -1):
        if depth == 16:
            packed = row.astype(">u2").tobytes()
        elif depth == 8:
            packed = row.astype(np.uint8).tobytes()
        else:
            bits = (row[:, None] >> np.arange(depth - 1, -1, -1)) & 1
            packed = np.packbits(bits.astype(np.uint8).ravel()).tobytes()
        out += b"\0" + packed
    return out


def png(a, colour, depth, interlaced=False, before=b"", after=b""):
    h, w = a.shape[:2]
    assert a.shape[2] == CHANNELS[colour]
    parts = [a[y::dy, x::dx] for y, x, dy, dx in ADAM7] if interlaced else [a]
    raw = b"".join(rows(p, depth) for p in parts if p.size)
    head = struct.pack(">IIBBBBB", w, h, depth, colour, 0, 0, int(interlaced))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + before + chunk(b"IDAT", zlib.compress(raw, 9))
            + after + chunk(b"IEND", b""))


def make_pngs():
    h, w = 13, 11
    rgb, grey, rgba = picture(h, w, 3), picture(h, w, 1), picture(h, w, 4)
    wide = np.random.default_rng(5).integers(0, 65536, (h, w, 4))
    palette = chunk(b"PLTE", picture(1, 16, 3, 9).tobytes())
    put("rgb8.png", png(rgb, 2, 8))
    put("rgb8_interlaced.png", png(rgb, 2, 8, True))
    put("grey8.png", png(grey, 0, 8))
    put("grey8_interlaced.png", png(grey, 0, 8, True))
    for depth in (1, 2, 4):
        put(f"grey{depth}.png", png(grey >> (8 - depth), 0, depth))
        put(f"palette{depth}.png", png(grey >> (8 - depth), 3, depth, before=palette))
    put("palette8.png", png(grey >> 4, 3, 8, before=palette))
    put("palette4_interlaced.png", png(grey >> 4, 3, 4, True, before=palette))
    put("palette8_trns.png", png(grey >> 4, 3, 8, before=palette + chunk(b"tRNS", bytes(range(0, 256, 17)))))
    put("grey16.png", png(wide[..., :1], 0, 16))
    put("rgb16.png", png(wide[..., :3], 2, 16))
    put("rgba8.png", png(rgba, 6, 8), 1)
    put("rgba8_interlaced.png", png(rgba, 6, 8, True), 1)
    put("rgba16.png", png(wide, 6, 16), 1)
    put("grey_alpha8.png", png(rgba[..., :2], 4, 8), 1)
    put("grey8_trns.png", png(grey // 64 * 64, 0, 8, before=chunk(b"tRNS", b"\0\x40")))
    put("rgb8_trns.png", png(rgb // 128 * 128, 2, 8, before=chunk(b"tRNS", b"\0\0\0\x80\0\0")))
    put("late_exif.png", png(rgb, 2, 8, after=chunk(b"eXIf", exif(6).tobytes()[6:])))


# ---- WebP --------------------------------------------------------------------------------------

def make_webps():
    rgb, rgba = picture(17, 26, 3), picture(17, 26, 4)
    put("lossy.webp", save(rgb, "RGB", "WEBP", quality=80), 1)
    put("lossless.webp", save(rgb, "RGB", "WEBP", lossless=True))
    put("lossy_alpha.webp", save(rgba, "RGBA", "WEBP", quality=80), 1)
    put("lossless_alpha.webp", save(rgba, "RGBA", "WEBP", lossless=True, exact=True), 1)
    put("exif.webp", save(rgb, "RGB", "WEBP", quality=80, exif=exif(8)), 1)


# ---- resizing ----------------------------------------------------------------------------------

RESIZES = [
    # h, w, c, to h, to w, box (y0, x0, y1, x1) or None
    (16, 16, 1, 28, 28, None), (28, 28, 1, 16, 16, None), (16, 16, 3, 28, 28, None),
    (7, 5, 3, 3, 2, None), (5, 6, 1, 5, 3, None), (5, 6, 1, 3, 6, None), (3, 3, 3, 8, 2, None),
    (1, 1, 3, 3, 3, None), (1, 9, 1, 4, 4, None), (9, 1, 1, 4, 4, None), (64, 48, 3, 32, 24, None),
    (64, 48, 3, 21, 17, None), (64, 48, 3, 1, 1, None), (64, 48, 3, 63, 47, None),
    (64, 48, 3, 65, 49, None), (31, 47, 3, 40, 20, None), (100, 3, 3, 7, 9, None),
    (50, 60, 3, 24, 24, (5, 10, 45, 50)), (50, 60, 3, 24, 24, (0, 0, 25, 30)),
    (50, 60, 1, 24, 24, (0.25, 0.75, 49.5, 59.125)), (50, 60, 3, 30, 30, (20.5, 30.25, 22.5, 33.75)),
    (50, 60, 3, 10, 12, (49, 59, 50, 60)), (50, 60, 3, 50, 60, (1, 0, 50, 60)),
    (20, 20, 3, 40, 40, (0, 0, 19.5, 19.75)),
]


def source(h, w, c):
    """The same formula stands in tests/unit/test_resize.c."""
    i = np.arange(h * w * c, dtype=np.uint64)
    return ((i * 2654435761 % 4294967296) >> 24).astype(np.uint8).reshape(h, w, c)


def make_resizes():
    flat, lines = [], []
    for h, w, c, oh, ow, box in RESIZES:
        a = source(h, w, c)
        im = Image.fromarray(a[..., 0] if c == 1 else a)
        y0, x0, y1, x1 = box or (0, 0, h, w)
        out = np.asarray(im.resize((ow, oh), Image.BILINEAR, box=(x0, y0, x1, y1)))
        # This Pillow goes along columns first when that is less work, older ones never did.
        mixed = (ow > x1 - x0) and (oh < y1 - y0)
        where = sum(len(f) for f in flat)
        lines.append(f"{{ {h}, {w}, {c}, {oh}, {ow}, {y0}, {x0}, {y1}, {x1}, {where}, {int(mixed)} }},\n")
        flat.append(out.ravel())
    np.save(OUT / "resize.npy", np.concatenate(flat))
    (OUT / "resize.inc").write_text("/* Written by make_images.py. */\n" + "".join(lines))


# ---- whole samples -----------------------------------------------------------------------------

SAMPLES = [
    # file, grey, height, width, shorter, crop h, crop w
    ("rgb8.png", 0, 0, 0, 0, 0, 0), ("rgb8.png", 1, 0, 0, 0, 0, 0), ("rgb8.png", 0, 9, 14, 0, 0, 0),
    ("rgb8.png", 0, 0, 0, 7, 5, 5), ("rgb8.png", 0, 0, 0, 8, 5, 5), ("rgb8.png", 0, 0, 0, 0, 8, 6),
    ("rgb8.png", 0, 0, 0, 0, 20, 20), ("rgb8.png", 0, 0, 0, 0, 6, 14), ("late_exif.png", 0, 0, 0, 16, 12, 12),
    ("late_exif.png", 1, 10, 10, 0, 7, 7), ("grey8.png", 0, 0, 0, 5, 5, 5), ("palette8_trns.png", 0, 0, 0, 6, 6, 6),
]


def crop(a, ch, cw):
    """torchvision's CenterCrop."""
    h, w = a.shape[:2]
    if cw > w or ch > h:
        dw, dh = max(cw - w, 0), max(ch - h, 0)
        a = np.pad(a, ((dh // 2, (dh + 1) // 2), (dw // 2, (dw + 1) // 2), (0, 0)))
        h, w = a.shape[:2]
    y, x = int(round((h - ch) / 2.0)), int(round((w - cw) / 2.0))
    return a[y:y + ch, x:x + cw]


def make_samples():
    flat, lines = [], []
    for file, grey, height, width, shorter, ch, cw in SAMPLES:
        a, _ = expected((OUT / file).read_bytes())
        im = Image.fromarray(a[..., 0] if a.shape[2] == 1 else a)
        im = im.convert("L") if grey else im
        w, h = im.size
        if shorter:
            im = im.resize((shorter, int(shorter * h / w)) if w <= h else (int(shorter * w / h), shorter), Image.BILINEAR)
        elif height:
            im = im.resize((width, height), Image.BILINEAR)
        a = np.asarray(im).reshape(im.size[1], im.size[0], -1)
        if ch:
            a = crop(a, ch, cw)
        where = sum(f.size for f in flat)
        lines.append(f'{{ "{file}", {grey}, {height}, {width}, {shorter}, {ch}, {cw}, '
                     f'{{ {a.shape[0]}, {a.shape[1]}, {a.shape[2]} }}, {where} }},\n')
        flat.append(np.ascontiguousarray(a).ravel())
    np.save(OUT / "samples.npy", np.concatenate(flat))
    (OUT / "samples.inc").write_text("/* Written by make_images.py. */\n" + "".join(lines))


if __name__ == "__main__":
    OUT.mkdir(parents=True, exist_ok=True)
    make_jpegs()
    make_pngs()
    make_webps()
    make_resizes()
    make_samples()
    (OUT / "images.inc").write_text("/* Written by make_images.py. */\n" + "".join(
        f'{{ "{name}", {h}, {w}, {c}, {o}, {t} }},\n' for name, h, w, c, o, t in cases))
