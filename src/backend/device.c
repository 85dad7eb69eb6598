/* device.c: devices by name. "ref" stores floats as f64 and has the reference kernels only; "cpu"
 * stores f32 and has every list this build was made with. */
#include "backend/backend.h"
#include "backend/cpu.h"

#include <string.h>

/* ---- what a device says of itself ------------------------------------------------------------ */

#define WORDS_CHARS 100

static void append(char *text, size_t size, const char *words)
{
    const size_t used = strlen(text);
    snprintf(text + used, size - used, "%s%s", used ? ", " : "", words);
}

void fyi_device_says(fy_device *dev, const char *fmt, ...)
{
    char words[WORDS_CHARS];
    va_list args;
    va_start(args, fmt);
    vsnprintf(words, sizeof words, fmt, args);
    va_end(args);
    append(dev->text, sizeof dev->text, words);
    append(dev->basis, sizeof dev->basis, words);
}

static void say_threads(fy_device *dev)
{
    char words[WORDS_CHARS];
    snprintf(words, sizeof words, "%d thread%s", fyi_threads(), fyi_threads() == 1 ? "" : "s");
    append(dev->text, sizeof dev->text, words);
}

static fy_status open_cpu(fy_device *dev)
{
    FYI_FORWARD(fyi_cpu_check());
    dev->float_store = FY_F32;
    dev->has_bf16 = fyi_cpu_has_bf16();
    dev->flushes = true;
    fyi_device_says(dev, "%s", fyi_cpu_instructions());
    say_threads(dev);
#ifdef FYI_HAVE_ONEDNN
    FYI_FORWARD(fyi_onednn_open(dev));
#endif
    return FY_OK;
}

static fy_status open_ref(fy_device *dev)
{
    dev->float_store = FY_F64;
    fyi_device_says(dev, "plain loops in double");
    return FY_OK;
}

/* ---- opening and closing --------------------------------------------------------------------- */

static const struct {
    const char *name;
    fy_status (*open)(fy_device *dev);
} devices[] = {
    { "cpu", open_cpu },
    { "ref", open_ref },
};

static fy_status unknown(const char *name)
{
    const char *known[FYI_LEN(devices) + 1] = { 0 };
    for (size_t i = 0; i < FYI_LEN(devices); i++)
        known[i] = devices[i].name;
    const char *near = fyi_nearest(name, known);
    return fyi_fail(FY_EINVAL, "no device is called '%s'%s%s%s; there are cpu and ref", name,
                    near ? " (is '" : "", near ? near : "", near ? "' meant?)" : "");
}

static fy_status open_as(size_t i, fy_device *dev)
{
    const fyi_kernel **kernels;
    dev->name = devices[i].name;
    FYI_FORWARD(fyi_kernels_of(dev->name, &kernels));
    dev->kernels = kernels;
    return devices[i].open(dev);
}

fy_status fy_device_open(const char *name, fy_device **out)
{
    size_t i = 0;
    *out = NULL;
    while (i < FYI_LEN(devices) && strcmp(name, devices[i].name) != 0)
        i++;
    if (i == FYI_LEN(devices))
        return unknown(name);
    fy_device *dev = fyi_calloc(1, sizeof *dev);
    if (!dev)
        return fyi_enomem(sizeof *dev, "a device");
    const fy_status st = open_as(i, dev);
    if (st != FY_OK) {
        fy_device_close(dev);
        return fyi_wrap(st, "while opening device '%s'", name);
    }
    *out = dev;
    return FY_OK;
}

void fy_device_close(fy_device *d)
{
    if (!d)
        return;
    if (d->close)
        d->close(d);
    fyi_free((void *)d->kernels);
    fyi_kernel_times_close(d->times);
    fyi_free(d);
}

const char *fy_device_name(const fy_device *d)
{
    return d->name;
}

const char *fy_device_text(const fy_device *d)
{
    return d->text;
}

fy_status fy_device_set_precision(fy_device *d, fy_dtype precision)
{
    if (precision != FY_F32 && precision != FY_BF16)
        return fyi_fail(FY_EINVAL, "precision must be f32 or bf16, not %s",
                        fy_dtype_name(precision));
    if (precision == FY_BF16 && !d->has_bf16)
        return fyi_fail(FY_EDEVICE,
                        "device '%s' (%s) has no instructions for bf16; use precision f32", d->name,
                        d->text);
    d->precision = precision;
    return FY_OK;
}

fy_dtype fy_device_precision(const fy_device *d)
{
    return d->precision;
}

void fy_device_set_memory(fy_device *d, size_t bytes)
{
    d->memory = bytes;
}

size_t fy_device_memory(const fy_device *d)
{
    return d->memory;
}

void fy_threads_set(int n)
{
    fyi_set_threads(n);
}
