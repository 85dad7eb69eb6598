"""Everything that belongs to the process, most of it before torch is loaded."""
import ctypes
import glob
import importlib.util
import os


def keep_memory():
    """glibc gives freed tensors back to the system and faults them in again, each step anew."""
    m_trim_threshold, m_top_pad, m_mmap_max = -1, -2, -4
    libc = ctypes.CDLL(None)
    if not hasattr(libc, "mallopt"):
        return
    libc.mallopt(m_mmap_max, 0)
    libc.mallopt(m_trim_threshold, (1 << 31) - 1)
    libc.mallopt(m_top_pad, 64 << 20)


def has_avx512():
    """What ATen itself asks for before it takes these kernels."""
    wanted = {"avx512f", "avx512bw", "avx512dq", "avx512vl", "fma"}
    try:
        with open("/proc/cpuinfo", encoding="ascii", errors="replace") as f:
            return any(wanted <= set(line.split()) for line in f if line.startswith("flags"))
    except OSError:
        return False


def is_distribution_torch():
    spec = importlib.util.find_spec("torch")
    return bool(spec and spec.origin and spec.origin.startswith("/usr/lib/python3/"))


def use_openmp_blas():
    """The distribution's torch takes the default OpenBLAS, whose own threads fight with OpenMP's
    for the cores. The OpenMP build, loaded first, is what torch then binds to. Wheels bring their
    own BLAS."""
    if not is_distribution_torch():
        return "own"
    found = "default"
    for folder in glob.glob("/usr/lib/*/openblas-openmp"):
        for name in ("libopenblas.so.0", "libblas.so.3", "liblapack.so.3"):
            path = os.path.join(folder, name)
            if os.path.exists(path):
                ctypes.CDLL(path, mode=ctypes.RTLD_GLOBAL)
                found = "openmp"
    return found


def prepare(threads):
    """All fairness settings that belong to the process; returns which BLAS is in use."""
    os.environ.setdefault("OMP_NUM_THREADS", str(threads))
    if has_avx512():
        os.environ.setdefault("ATEN_CPU_CAPABILITY", "avx512")
    keep_memory()
    blas = use_openmp_blas()
    import torch
    torch.set_flush_denormal(True)  # first: threads inherit it when they are started
    torch.set_num_threads(threads)
    torch.manual_seed(1)
    return blas
