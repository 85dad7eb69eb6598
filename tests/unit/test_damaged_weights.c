/* Guards every reader of weights files against damage: each truncation is refused, each turned bit is refused or
 * read, and never is a byte read that is not there; sanitizers watch. The formats' own tests have the rest. */
#include "support/damage.h"

#include "weights/weights.h"

static fy_status read_all(const char *name, const void *file, size_t bytes)
{
    fy_weights *w;
    fy_status st = FY_OK;

    FYI_FORWARD(fyi_weights_parse(name, file, bytes, &w));
    for (int i = 0; i < fy_weights_count(w) && st == FY_OK; i++) {
        fy_tensor *t;

        st = fy_weights_tensor(w, i, &t);
        fy_tensor_free(t);
    }
    fy_weights_close(w);
    return st;
}

static const char *const files[] = {
    "python.safetensors",      "npy/f4.npy",      "npy/packed.npz", "torch/nested.pth",
    "torch/nested_legacy.pth", "torch/later.pth",
};

static void truncations_are_refused(void **state)
{
    fyt_truncate_everywhere(*state, read_all);
}

static void turned_bits_do_no_harm(void **state)
{
    assert_true(fyt_flip_everywhere(*state, read_all) > 0);
}

int main(void)
{
    struct CMUnitTest tests[2 * LEN(files)];

    for (size_t i = 0; i < LEN(files); i++) {
        void *file = (void *)(uintptr_t)files[i];

        tests[2 * i] = (struct CMUnitTest){ files[i], truncations_are_refused, NULL, NULL, file };
        tests[2 * i + 1] = (struct CMUnitTest){ files[i], turned_bits_do_no_harm, NULL, NULL, file };
    }
    return cmocka_run_group_tests_name("damaged weights", tests, NULL, NULL);
}
