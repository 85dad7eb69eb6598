/* data_sheet.c: ferry data sheet: a picture of samples beside what an augmentation makes of them, so that
 * people can look.
 *
 *   row:  one sample as it is | as epochs 0, 1, ... would show it */
#include "cli/cli.h"

#include "data/data.h"
#include "data/picture.h"

#include <stdlib.h>
#include <string.h>

#define ROWS 8
#define VIEWS 7
#define GAP_PX 2
#define LEAST_PX 64 /* smaller pictures are shown larger */

typedef struct sheet {
    uint8_t *pixels; /* [planes, h, w] */
    int64_t planes, h, w;
    int64_t cell_h, cell_w; /* with their gap */
    int64_t scale;
    fyi_scaling scaling; /* to be undone */
} sheet;

/* ---- the command line ------------------------------------------------------------------------ */

static const char prefix[] = "augment.";

static bool is_of_augment(const char *setting)
{
    return strncmp(setting, prefix, strlen(prefix)) == 0;
}

/* `wanted` settings of a, into room for all of them. */
static int pick_settings(const fyi_args *a, bool of_augment, const char **out)
{
    int n = 0;

    for (int i = 0; i < a->n_settings; i++)
        if (is_of_augment(a->settings[i]) == of_augment)
            out[n++] = a->settings[i] + (of_augment ? strlen(prefix) : 0);
    return n;
}

static fy_status read_settings(const fyi_args *a, fy_augment *augment, fy_dataset **d)
{
    const size_t room = (size_t)a->n_settings + 1;
    const char **settings = fyi_calloc(room, sizeof *settings);
    fyi_args rest = *a;
    fy_status st;

    *d = NULL;
    if (settings == NULL)
        return fyi_enomem(room * sizeof *settings, "a command line");
    FY_TRY(fy_recipe_augment(settings, pick_settings(a, true, settings), augment));
    rest.n_settings = pick_settings(a, false, settings);
    rest.settings = settings;
    FY_TRY(fyi_open_data_path(&rest, a->plain[1], fyi_args_value(a, "--labels"), false, d));
done:
    fyi_free(settings);
    return st;
}

/* At most ROWS samples, spread over d. */
static fy_status choose(const fy_dataset *d, fy_dataset **out)
{
    const int64_t count = fy_dataset_count(d), n = FYI_MIN(count, ROWS);
    int64_t index[ROWS];

    for (int64_t i = 0; i < n; i++)
        index[i] = i * count / n;
    return fy_dataset_subset(d, index, n, out);
}

/* ---- drawing --------------------------------------------------------------------------------- */

static fy_status new_sheet(sheet *s, const fy_dataset *d, const fy_shape *shown)
{
    const fy_shape *in = fy_dataset_shape(d);
    size_t bytes;

    if (in->rank != 3)
        return fyi_fail(FY_ESHAPE, "'%s' holds no images, a sheet shows images", fy_dataset_name(d));
    s->scale = 1;
    while (s->scale * FYI_MIN(in->d[1], in->d[2]) < LEAST_PX)
        s->scale++;
    s->scaling = d->source->scaling;
    s->planes = in->d[0] == 3 ? 3 : 1;
    s->cell_h = FYI_MAX(in->d[1], shown->d[1]) * s->scale + GAP_PX;
    s->cell_w = FYI_MAX(in->d[2], shown->d[2]) * s->scale + GAP_PX;
    s->h = fy_dataset_count(d) * s->cell_h;
    s->w = (1 + VIEWS) * s->cell_w;
    bytes = (size_t)(s->planes * s->h * s->w);
    s->pixels = fyi_alloc(bytes);
    if (s->pixels == NULL)
        return fyi_enomem(bytes, "a sheet");
    memset(s->pixels, 255, bytes);
    return FY_OK;
}

static uint8_t level_of(const sheet *s, int64_t c, float v)
{
    const float x = v * fyi_scaling_deviation(&s->scaling, c) + fyi_scaling_mean(&s->scaling, c);

    return (uint8_t)(x > 0 ? (x < 1 ? x * 255 + 0.5f : 255) : 0);
}

/* x [shape] into the cell at row and column. */
static void draw(const sheet *s, const float *x, const fy_shape *shape, int64_t row, int64_t column)
{
    const int64_t h = shape->d[1] * s->scale, w = shape->d[2] * s->scale;

    for (int64_t c = 0; c < s->planes; c++)
        for (int64_t y = 0; y < h; y++)
            for (int64_t k = 0; k < w; k++) {
                const int64_t at = (c * s->h + row * s->cell_h + y) * s->w + column * s->cell_w + k;
                const int64_t from = (c * shape->d[1] + y / s->scale) * shape->d[2] + k / s->scale;

                s->pixels[at] = level_of(s, c, x[from]);
            }
}

static fy_status draw_samples(const sheet *s, const fy_dataset *d)
{
    const fy_shape *shape = fy_dataset_shape(d);
    fy_tensor *x = NULL;
    fy_status st;

    FY_TRY(fy_dataset_read(d, NULL, 0, &x, NULL));
    for (int64_t i = 0; i < fy_dataset_count(d); i++)
        draw(s, (const float *)fy_tensor_const_data(x) + i * fy_shape_numel(shape), shape, i, 0);
done:
    fy_tensor_free(x);
    return st;
}

static fy_status draw_views(const sheet *s, fy_loader *l)
{
    const fy_shape *shape = fy_loader_shape(l);
    fy_batch b;

    for (int64_t column = 1; column <= VIEWS; column++) {
        FYI_FORWARD(fy_loader_next(l, &b));
        for (int64_t i = 0; i < b.n; i++)
            draw(s, b.x + i * fy_shape_numel(shape), shape, i, column);
    }
    return FY_OK;
}

static fy_status write_png(const sheet *s, const char *path)
{
    fyi_buf png = { 0 };
    fy_status st;

    FY_TRY(fyi_png_put(&png, s->pixels, s->planes, s->h, s->w) ? FY_OK : fyi_enomem(png.len, path));
    FY_TRY(fyi_file_write(path, png.p, png.len));
done:
    fyi_buf_release(&png);
    return st;
}

static fy_status open_views(const fy_dataset *d, const fy_augment *augment, fy_loader **out)
{
    fy_loader_opts o = fy_loader_defaults();

    o.batch = fy_dataset_count(d);
    o.shuffle = false;
    o.with_labels = fy_dataset_has_labels(d);
    o.name = "sheet";
    o.workers = 0;
    o.augment = augment;
    return fy_loader_open(d, &o, out);
}

fy_status fyi_data_sheet(const fyi_args *a)
{
    fy_dataset *all = NULL, *d = NULL;
    fy_loader *l = NULL;
    sheet s = { 0 };
    fy_augment augment;
    char text[400];
    fy_status st;

    FY_TRY(read_settings(a, &augment, &all));
    FY_TRY(choose(all, &d));
    FY_TRY(open_views(d, &augment, &l));
    FY_TRY(new_sheet(&s, d, fy_loader_shape(l)));
    FY_TRY(draw_samples(&s, d));
    FY_TRY(draw_views(&s, l));
    FY_TRY(write_png(&s, a->plain[2]));
    printf("%s: %lld samples, each as it is and as %d epochs show it\n  %s\n", a->plain[2],
           (long long)fy_dataset_count(d), VIEWS, fy_augment_text(&augment, text, sizeof text));
done:
    fyi_free(s.pixels);
    fy_loader_close(l);
    fy_dataset_free(d);
    fy_dataset_free(all);
    return st;
}
