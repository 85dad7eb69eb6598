/* jpeg.c: a folder of JPEG files, decoded, resized, cut and scaled by two threads of the loader; a step is a batch. */
#include "bench.h"

#include <math.h>

#define BATCH 64

typedef struct jpeg {
    fy_dataset *data;
    fy_loader *loader;
    fy_batch batch;
} jpeg;

static fy_status step(bench *b)
{
    jpeg *j = b->state;
    return fy_loader_next(j->loader, &j->batch);
}

/* The first batch goes to the other side, which holds its own against it. */
static fy_status put_mean(bench *b)
{
    const jpeg *j = b->state;
    const fy_shape shape = fy_shape_batch(j->batch.n, fy_dataset_shape(j->data));
    const int64_t n = fy_shape_numel(&shape);
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += fabs((double)j->batch.x[i]);
    bench_put(b, j->batch.step == 0 ? "first_result" : "second_result", sum / (double)n);
    return j->batch.step == 0 ? bench_share(b, NULL, shape, j->batch.x) : FY_OK;
}

fy_status bench_open_pictures(const bench *b, fy_dataset **out)
{
    fy_picture_opts o = fy_picture_defaults();
    fy_image_opts values = fy_image_defaults();
    static const float mean[] = { 0.485f, 0.456f, 0.406f }, deviation[] = { 0.229f, 0.224f, 0.225f };
    fy_dataset *pixels = NULL;
    fy_status st;
    if (!b->folder)
        return fy_error(FY_EINVAL, "there are no pictures; add --folder PATH");
    o.channels = 3;
    o.shorter = 256;
    o.crop_h = o.crop_w = 224;
    o.full_decode = true;
    o.check = FY_CHECK_NAMES;
    values.range = FY_RANGE_NORMAL;
    for (int c = 0; c < 3; c++) {
        values.mean[c] = mean[c];
        values.deviation[c] = deviation[c];
    }
    FY_TRY(fy_image_folder_open(b->folder, &o, &pixels));
    FY_TRY(fy_dataset_prepare(pixels, &values, out));
done:
    fy_dataset_free(pixels);
    return st;
}

fy_status begin_jpeg(bench *b)
{
    static jpeg j;
    fy_loader_opts o = fy_loader_defaults();
    fy_status st;
    b->state = &j;
    b->step = step;
    b->result = put_mean;
    b->step_images = b->batch ? b->batch : BATCH;
    o.batch = b->step_images;
    o.shuffle = false;
    o.workers = 2;
    FY_TRY(bench_open_pictures(b, &j.data));
    FY_TRY(fy_loader_open(j.data, &o, &j.loader));
done:
    return st;
}
