/* replay_main.c: runs a fuzz target on the files named, without a fuzzer. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

/* An exact copy on the heap, so that AddressSanitizer sees a read past the end. */
static int replay(const char *path)
{
    FILE *f = fopen(path, "rb");
    uint8_t *data = NULL;
    long bytes = -1;
    int failed = 1;

    if (f && fseek(f, 0, SEEK_END) == 0)
        bytes = ftell(f);
    if (bytes >= 0)
        data = malloc(bytes > 0 ? (size_t)bytes : 1);
    if (data && fseek(f, 0, SEEK_SET) == 0 && fread(data, 1, (size_t)bytes, f) == (size_t)bytes) {
        LLVMFuzzerTestOneInput(data, (size_t)bytes);
        failed = 0;
    } else {
        fprintf(stderr, "replay: cannot read %s\n", path);
    }
    free(data);
    if (f)
        fclose(f);
    return failed;
}

int main(int argc, char **argv)
{
    int n_failed = 0;

    for (int i = 1; i < argc; i++)
        n_failed += replay(argv[i]);
    printf("%d inputs replayed\n", argc - 1 - n_failed);
    return n_failed > 0;
}
