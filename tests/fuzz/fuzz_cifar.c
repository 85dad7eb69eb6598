/* fuzz_cifar.c: any bytes as a CIFAR file. The first byte says which kind; what is accepted has as many
 * labels as images, all of them classes. */
#include "data/data.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int classes[] = { 10, 100, 20 };
    fyi_cifar c = { 0 };
    fyi_sha256 sum;
    int kind;

    if (size == 0)
        return 0;
    kind = data[0] % 3;
    fyi_sha256_init(&sum);
    if (fyi_cifar_parse("fuzz", data + 1, size - 1, (fy_cifar_kind)kind, &sum, &c) == FY_OK) {
        if (c.n < 1)
            abort();
        for (int64_t i = 0; i < c.n; i++)
            if (c.label[i] < 0 || c.label[i] >= classes[kind])
                abort();
    } else if (fy_last_error()[0] == '\0') {
        abort();
    }
    fyi_cifar_release(&c);
    return 0;
}
