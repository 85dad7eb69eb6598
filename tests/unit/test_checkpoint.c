/* Guards that a damaged checkpoint is never gone on from: it is checksummed as a whole, so that every cut and every
 * changed byte is seen, and a run says so in a sentence.
 *
 * timeout: 120 */
#include "support/support.h"

#include "weights/weights.h"

#include <ferry/train.h>

#include <stdlib.h>
#include <string.h>

static fy_run *open_run(const char *dir, bool resume)
{
    const fy_run_opts o = { .dir = dir, .resume = resume };
    fy_run *r;

    check_ok(fy_run_open(&o, &r));
    return r;
}

static fy_model *open_model(void)
{
    fy_model_opts o = fy_model_defaults();
    fy_model *m;

    o.input = FY_SHAPE(3);
    o.n_classes = 2;
    check_ok(fy_model_open("linear", "net", &o, &m));
    return m;
}

/* A checkpoint of a model and of what a method keeps; fyi_free. */
static char *write_checkpoint(const char *dir, size_t *bytes)
{
    int64_t kept[3] = { 1, 2, 3 };
    fy_model *m = open_model();
    fy_run *r = open_run(dir, false);
    char *file;

    check_ok(fy_run_keep(r, m));
    check_ok(fy_run_keep_data(r, "kept", kept, sizeof kept, NULL));
    check_ok(fy_run_checkpoint(r));
    fy_run_close(r);
    fy_model_free(m);
    check_ok(fyi_file_read(fyt_path(dir, "checkpoint.safetensors"), 1 << 20, &file, bytes));
    return file;
}

static void check_refused(const char *file, size_t bytes, const char *how, size_t at)
{
    fy_weights *w;

    if (fyi_weights_parse("checkpoint", file, bytes, &w) == FY_OK)
        fail_msg("%s byte %zu is accepted", how, at);
    assert_null(w);
    check_sentence("'checkpoint'");
}

static void every_truncation_is_refused(void **state)
{
    size_t bytes;
    char *file = write_checkpoint(*state, &bytes);

    for (size_t n = 0; n < bytes; n++) {
        char *cut = malloc(n + (n == 0)); /* exact, for the sanitizer's sake */

        memcpy(cut, file, n);
        check_refused(cut, n, "the end at", n);
        free(cut);
    }
    fyi_free(file);
}

static void every_changed_byte_is_refused(void **state)
{
    size_t bytes;
    char *file = write_checkpoint(*state, &bytes);

    for (size_t i = 0; i < bytes; i++) {
        const char was = file[i];

        for (int v = 0; v < 256; v++) {
            file[i] = (char)v;
            if (file[i] != was)
                check_refused(file, bytes, "another", i);
        }
        file[i] = was;
    }
    fyi_free(file);
}

static const struct place {
    const char *name;
    double at; /* share of the file */
} places[] = { { "length", 0 }, { "header", 0.2 }, { "middle", 0.5 }, { "last byte", 1 } };

static void a_run_does_not_go_on_from_it(void **state)
{
    const char *path = fyt_path(*state, "checkpoint.safetensors");
    const fy_run_opts o = { .dir = *state, .resume = true };
    size_t bytes;
    char *file = write_checkpoint(*state, &bytes);

    for (size_t i = 0; i < LEN(places); i++) {
        const size_t at = (size_t)(places[i].at * (double)(bytes - 1));
        fy_run *r;

        file[at] = (char)(file[at] ^ 4);
        check_ok(fyi_file_write(path, file, bytes));
        check_status(fy_run_open(&o, &r), FY_EFORMAT);
        check_sentence("checkpoint.safetensors");
        file[at] = (char)(file[at] ^ 4);
    }
    check_ok(fyi_file_write(path, file, bytes));
    fy_run_close(open_run(*state, true));
    fyi_free(file);
}

#define IN_DIR(test) cmocka_unit_test_setup_teardown(test, fyt_tmpdir_setup, fyt_tmpdir_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_DIR(every_truncation_is_refused),
        IN_DIR(every_changed_byte_is_refused),
        IN_DIR(a_run_does_not_go_on_from_it),
    };

    return cmocka_run_group_tests_name("checkpoint", tests, NULL, NULL);
}
