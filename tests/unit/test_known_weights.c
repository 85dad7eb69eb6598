/* Guards the whole way from a file by others to figures: known weights on known data give the known accuracy, and the
 * recorded output. Needs $FERRY_DATA; skipped without it.
 * timeout: 120 */
#include "support/support.h"

#include <ferry/ferry.h>

#include <math.h>
#include <string.h>

static fy_model *open_known(const char *family, const char *path)
{
    fy_model_opts o;
    fy_model *m;

    check_ok(fy_model_family_defaults(family, &o));
    check_ok(fy_model_open(family, "net", &o, &m));
    check_ok(fy_model_load(m, path));
    return m;
}

static fy_dataset *open_cifar(const fy_model *m, const char *path)
{
    const fy_pixels p = fy_model_pixels(m);
    fy_image_opts o = fy_image_defaults();
    fy_dataset *d;

    o.range = FY_RANGE_NORMAL;
    memcpy(o.mean, p.mean, sizeof o.mean);
    memcpy(o.deviation, p.deviation, sizeof o.deviation);
    check_ok(fy_cifar_open(path, FY_CIFAR10, NULL, &o, &d));
    return d;
}

/* Right predictions of 1,000. */
static int64_t count_right(const char *family, const char *weights, const char *data)
{
    fy_model *m = open_known(family, weights);
    fy_dataset *d = open_cifar(m, data);
    fy_device *dev;
    fy_predictor *p;
    fy_evaluation *e;
    int64_t right = 0;

    check_ok(fy_device_open("cpu", &dev));
    check_ok(fy_predictor_new(dev, &m, 1, 100, &p));
    check_ok(fy_evaluate(p, d, NULL, &e));
    assert_int_equal(e->figures->n, 1000);
    for (int c = 0; c < 10; c++)
        right += e->figures->classes[c].right;
    fy_evaluation_free(e);
    fy_predictor_free(p);
    fy_device_close(dev);
    fy_dataset_free(d);
    fy_model_free(m);
    return right;
}

static const struct known {
    const char *family, *weights;
    int64_t right;
} rows[] = {
    { "resnet20_cifar", "weights/resnet20_cifar10.safetensors", 915 },
    { "resnet20_cifar", "weights/resnet20-12fca82f.th", 915 },
    { "resnet56_cifar", "weights/resnet56_cifar10.safetensors", 926 },
};

static void cifar_resnets_are_as_good_as_their_authors_say(void **state)
{
    char data[512], weights[512];

    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        const char *found = fyt_data_path("cifar10/test_batch_first1000.bin.gz");

        if (found == NULL)
            skip();
        (void)snprintf(data, sizeof data, "%s", found);
        if ((found = fyt_data_path(rows[i].weights)) == NULL)
            skip();
        (void)snprintf(weights, sizeof weights, "%s", found);
        /* A sample whose two best scores are all but equal may go either way. */
        assert_in_range(count_right(rows[i].family, weights, data), rows[i].right - 1,
                        rows[i].right + 1);
    }
}

static fy_tensor *read_array(const char *name)
{
    const char *path = fyt_data_path(name);
    fy_tensor *t = NULL;

    if (path != NULL)
        check_ok(fy_npy_read(path, &t));
    return t;
}

/* Pixels of 0 to 255 as they are: nothing is normalised. */
static void squeezenet_gives_the_recorded_scores(void **state)
{
    fy_tensor *x = read_array("weights/squeezenet1_1_test0_input.npy"),
              *y = read_array("weights/squeezenet1_1_test0_output.npy"), *scores = NULL;
    const char *path = fyt_data_path("weights/squeezenet1_1.safetensors");
    fy_tensor **outs[] = { &scores };
    fy_model *m;
    fy_dataset *d;
    fy_device *dev;
    fy_predictor *p;

    (void)state;
    if (x == NULL || y == NULL || path == NULL)
        skip();
    m = open_known("squeezenet1_1", path);
    check_ok(fy_dataset_from_tensors("recorded", x, NULL, 0, &d));
    check_ok(fy_device_open("cpu", &dev));
    check_ok(fy_predictor_new(dev, &m, 1, 1, &p));
    check_ok(fy_predict(p, d, outs));
    check_close(fy_tensor_const_data(scores), fy_tensor_const_data(y), 1000, 0, 1e-3);
    fy_predictor_free(p);
    fy_device_close(dev);
    fy_dataset_free(d);
    fy_model_free(m);
    fy_tensor_free(scores);
    fy_tensor_free(y);
    fy_tensor_free(x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cifar_resnets_are_as_good_as_their_authors_say),
        cmocka_unit_test(squeezenet_gives_the_recorded_scores),
    };
    return cmocka_run_group_tests_name("known weights", tests, NULL, NULL);
}
