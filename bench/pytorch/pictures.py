"""A folder of JPEG files as ImageNet's networks see them: the shorter side 256, 224x224 from the centre, mean and
deviation. With torchvision where there is one, else with the calls to Pillow that torchvision makes.

  pillow    torchvision's default: Pillow decodes and resizes
  tensor    torchvision.io decodes, resizing is done on tensors; needs torchvision
"""
import importlib.util
import os

MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
WORKERS = 2
SHORTER, CROP = 256, 224


def listed(folder):
    """(path, class), as ImageFolder orders them."""
    found = []
    for label, name in enumerate(sorted(os.listdir(folder))):
        inner = os.path.join(folder, name)
        found += [(os.path.join(inner, file), label) for file in sorted(os.listdir(inner))]
    return found


def with_pillow():
    """What torchvision's Resize, CenterCrop, ToTensor and Normalize do, in the same order."""
    import numpy
    import torch
    from PIL import Image
    mean, deviation = (torch.tensor(x).view(3, 1, 1) for x in (MEAN, DEVIATION))

    def load(path):
        with Image.open(path) as file:
            picture = file.convert("RGB")
        w, h = picture.size
        size = (SHORTER, SHORTER * h // w) if w < h else (SHORTER * w // h, SHORTER)
        left, top = (int(round((length - CROP) / 2)) for length in size)
        picture = picture.resize(size, Image.BILINEAR).crop((left, top, left + CROP, top + CROP))
        x = torch.from_numpy(numpy.array(picture)).permute(2, 0, 1).contiguous()
        return x.float().div(255).sub_(mean).div_(deviation)
    return load


def with_torchvision():
    from PIL import Image
    from torchvision import transforms as t
    change = t.Compose([t.Resize(SHORTER), t.CenterCrop(CROP), t.ToTensor(),
                        t.Normalize(MEAN, DEVIATION)])

    def load(path):
        with Image.open(path) as file:
            return change(file.convert("RGB"))
    return load


def with_tensors():
    import torch
    from torchvision import io
    from torchvision import transforms as t
    change = t.Compose([t.Resize(SHORTER, antialias=True), t.CenterCrop(CROP),
                        t.ConvertImageDtype(torch.float32), t.Normalize(MEAN, DEVIATION)])
    return lambda path: change(io.decode_jpeg(io.read_file(path), io.ImageReadMode.RGB))


def loader_of(folder, batch, shuffle, times=1, way="pillow"):
    """Batches of the folder's pictures, `times` over, made by two worker processes."""
    from torch.utils.data import DataLoader, Dataset
    has_torchvision = importlib.util.find_spec("torchvision") is not None
    load = with_tensors() if way == "tensor" else \
        with_torchvision() if has_torchvision else with_pillow()

    class Pictures(Dataset):
        samples = listed(folder) * times

        def __len__(self):
            return len(self.samples)

        def __getitem__(self, i):
            path, label = self.samples[i]
            return load(path), label
    return DataLoader(Pictures(), batch_size=batch, shuffle=shuffle, drop_last=True,
                      num_workers=WORKERS, persistent_workers=True)
