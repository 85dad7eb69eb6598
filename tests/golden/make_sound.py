#!/usr/bin/env python3
"""Writes tests/golden/sound/: short sounds in every format that is read, what they hold, one at another rate, and
spectra.

Usage: python3 tests/golden/make_sound.py   (from the repository root; made with librosa 0.11.0 and soundfile 0.14.0)
The Ogg file differs with each run, by its serial number; all others are the same bytes."""
import numpy as np
import librosa
import soundfile

HERE = "tests/golden/sound/"
RATE = 8000


def tone(n, rate=RATE):
    """Two tones and noise, so that no bin of a spectrum is empty."""
    t = np.arange(n) / rate
    noise = np.random.default_rng(7).standard_normal(n)
    return 0.3 * np.sin(2 * np.pi * 440 * t) + 0.2 * np.sin(2 * np.pi * 1700 * t) + 0.05 * noise


def values(v):
    text = [f"{x:.8g}" for x in v]
    text = [t + ("f" if "." in t or "e" in t else ".0f") for t in text]
    return ["    " + ", ".join(text[i:i + 7]) + "," for i in range(0, len(text), 7)]


def spectra(f, x):
    """x as the decoder gives it; every 5th value of every result, frame by frame."""
    cases = [("MEL", 256, 100, 20, 0, 0, "SLANEY", True, True), ("MEL", 240, 80, 26, 100, 3800, "HTK", False, True),
             ("MEL", 512, 128, 16, 50, 4000, "HTK", True, False), ("MEL", 256, 64, 12, 0, 3000, "SLANEY", False, False),
             ("STFT", 128, 90, 0, 0, 0, "SLANEY", True, True), ("STFT", 300, 77, 0, 0, 0, "SLANEY", True, False)]
    for kind, n_fft, hop, mels, f_min, f_max, scale, norm, centre in cases:
        s = np.abs(librosa.stft(x.astype(np.float64), n_fft=n_fft, hop_length=hop, center=centre, window="hann"))
        if kind == "MEL":
            m = librosa.filters.mel(sr=RATE, n_fft=n_fft, n_mels=mels, fmin=f_min, fmax=f_max or RATE / 2,
                                    htk=scale == "HTK", norm="slaney" if norm else None, dtype=np.float64)
            s = np.log(m @ s**2 + 1e-6)
        else:
            s = np.log(s + 1e-7)
        f.write(f"{{ {{ .kind = FY_SPECTROGRAM_{kind}, .n_fft = {n_fft}, .hop = {hop}, .mels = {mels}, .f_min = {f_min}, "
                f".f_max = {f_max}, .scale = FY_MEL_{scale}, .is_normalised = {str(norm).lower()}, "
                f".is_centred = {str(centre).lower()} }},\n  {s.shape[0]}, {s.shape[1]}, {{\n")
        f.write("\n".join(values(s.ravel()[::5])) + "\n} },\n")


if __name__ == "__main__":
    mono = tone(1500)
    stereo = np.stack([mono, 0.5 * mono[::-1]], 1)
    few = stereo[:300]
    for name, x, fmt, sub in [("pcm16.wav", mono, "WAV", "PCM_16"), ("pcm8.wav", few, "WAV", "PCM_U8"),
                              ("pcm24.wav", few, "WAVEX", "PCM_24"), ("float.wav", few, "WAV", "FLOAT"),
                              ("ulaw.wav", few, "WAV", "ULAW"), ("pcm16.flac", few, "FLAC", "PCM_16"),
                              ("pcm24.flac", few[:, 0], "FLAC", "PCM_24"), ("vorbis.ogg", few, "OGG", "VORBIS")]:
        soundfile.write(HERE + name, x, RATE, format=fmt, subtype=sub)
    with open(HERE + "decoded.inc", "w") as f:
        f.write("/* Written by make_sound.py. { file, samples, { every 10th of the mean of channels } } */\n")
        for name in ["pcm16.wav", "pcm8.wav", "pcm24.wav", "float.wav", "ulaw.wav", "pcm16.flac", "pcm24.flac",
                     "vorbis.ogg"]:
            x = soundfile.read(HERE + name, always_2d=True)[0].mean(1)
            f.write(f"{{ \"{name}\", {len(x)}, {{\n" + "\n".join(values(x[::10])) + "\n} },\n")
    with open(HERE + "spectra.inc", "w") as f:
        f.write("/* Written by make_sound.py, of pcm16.wav. { options, bins, frames, { every 5th value } } */\n")
        spectra(f, soundfile.read(HERE + "pcm16.wav")[0])
