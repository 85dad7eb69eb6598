/* fuzz_pid.c: any bytes as lines of three variables. What is accepted has numbers within range, and can be decomposed or leaves a
 * sentence. */
#include "train/pid.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const fyi_pid_file *f)
{
    fy_pid_opts o = fy_pid_defaults();
    fy_pid_bits bits;

    for (int v = 0; v < 3; v++)
        for (int64_t i = 0; i < f->n; i++)
            if (f->v[v][i] < 0 || f->v[v][i] >= f->n_values[v])
                abort();
    if ((int64_t)f->n_values[0] * f->n_values[1] * f->n_values[2] > 4096)
        return;
    o.max_iterations = 5;
    if (fyi_pid_of_file(f, &o, &bits, NULL) != FY_OK)
        return;
    if (!(bits.redundant >= 0 && bits.unique[0] >= 0 && bits.unique[1] >= 0 && bits.synergy >= 0))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);

    memcpy(text, data, size);
    text[size] = '\0';
    for (int has_heading = 0; has_heading < 2; has_heading++) {
        fyi_pid_file f = { 0 };

        if (fyi_pid_file_parse("fuzz", text, size, has_heading != 0, &f) == FY_OK)
            check(&f);
        else if (fy_last_error()[0] == '\0')
            abort();
        fyi_pid_file_release(&f);
    }
    free(text);
    return 0;
}
