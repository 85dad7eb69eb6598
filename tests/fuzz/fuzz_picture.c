/* fuzz_picture.c: any bytes as a JPEG, PNG or WebP. What is refused leaves a sentence and no
 * memory; what is accepted has the size that its header said, or less after scaled decoding. The
 * first byte asks for a size. */
#include "data/picture.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MAX_PIXELS (1 << 18)

static void read_pixels(const fyi_picture *p)
{
    const volatile uint8_t *v = p->p;

    for (int64_t i = 0; i < p->h * p->w * p->c; i++)
        (void)v[i];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const fyi_encoded e = { "fuzz", data + (size > 0), size - (size > 0) };
    const int64_t wanted = size > 0 ? data[0] : 0;
    fyi_picture_info info;
    fyi_picture p;

    if (fyi_picture_probe(&e, MAX_PIXELS, &info) != FY_OK)
        return fy_last_error()[0] != '\0' ? 0 : (abort(), 0);
    (void)!fyi_picture_check(&e, &info);
    if (fyi_picture_decode(&e, &(fyi_decode_opts){ wanted, wanted, MAX_PIXELS }, &p) != FY_OK)
        return p.p == NULL && fy_last_error()[0] != '\0' ? 0 : (abort(), 0);
    read_pixels(&p);
    if (p.h > info.h || p.w > info.w || p.c != info.c || p.end_y > (float)p.h ||
        p.end_x > (float)p.w)
        abort();
    fyi_picture_release(&p);
    return 0;
}
