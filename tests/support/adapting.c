/* adapting.c: a small adaptation for tests. */
#include "support/adapting.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static fy_dataset *digits(fy_digit_style style, int64_t size_px, uint64_t seed, int64_t n)
{
    fy_digits_opts o = fy_digits_defaults(style);
    fy_image_opts pad = fy_image_defaults();
    fy_dataset *drawn, *d;
    o.seed = seed;
    o.n = n;
    o.size_px = size_px;
    pad.pad = (28 - size_px) / 2;
    check_ok(fy_digits_open(&o, &drawn));
    check_ok(fy_dataset_prepare(drawn, &pad, &d));
    fy_dataset_free(drawn);
    return d;
}

fyt_adapting fyt_adapting_open(int64_t n)
{
    fyt_adapting s = { .source = digits(FY_DIGITS_CLEAN, 20, 1, n),
                       .source_test = digits(FY_DIGITS_CLEAN, 20, 2, 300),
                       .target = digits(FY_DIGITS_NOISY, 28, 3, n),
                       .o = fy_adapt_defaults() };
    check_ok(fy_device_open("cpu", &s.dev));
    check_ok(fy_dataset_unlabel(s.target, &s.unlabelled));
    s.o.source_batch = s.o.batch = 32;
    s.o.source_steps = 100;
    s.o.steps = 40;
    s.o.evaluations = 2;
    s.o.label_smoothing = 0.1;
    return s;
}

void fyt_adapting_close(fyt_adapting *s)
{
    fy_judge_free(s->judge);
    fy_dataset_free(s->unlabelled);
    fy_dataset_free(s->target);
    fy_dataset_free(s->source_test);
    fy_dataset_free(s->source);
    fy_device_close(s->dev);
}

fy_run *fyt_adapting_begin(fyt_adapting *s, const char *dir, bool resume, fyt_stopper *stop)
{
    const fy_run_opts o = { .dir = dir,
                            .resume = resume,
                            .progress = stop ? fyt_stop_there : NULL,
                            .progress_arg = stop,
                            .cancel = stop ? &stop->flag : NULL,
                            .features = s->features,
                            .checkpoint_steps = stop ? 7 : 0 };
    fy_run *r;
    fy_judge_free(s->judge);
    check_ok(fy_judge_new("target", s->target, &s->judge));
    check_ok(fy_run_open(&o, &r));
    return r;
}

fy_adapt_data fyt_adapting_data(const fyt_adapting *s)
{
    return (fy_adapt_data){ .source = s->is_alone ? NULL : s->source,
                            .source_test = s->is_alone ? NULL : s->source_test,
                            .target = s->unlabelled,
                            .target_eval = s->unlabelled,
                            .eye = fy_judge_eye(s->judge) };
}

fy_status fyt_adapting_end(fyt_adapting *s, fy_run *r, fy_status st, fy_adapt_report *report)
{
    fy_run_close(r);
    assert_true(st != FY_OK || isnan(report->plain.chosen));
    fy_adapt_score(s->judge, report);
    return st;
}

fy_status fyt_adapting_run(fyt_adapting *s, const char *dir, bool resume, fyt_stopper *stop,
                           fy_adapt_report *report)
{
    fy_run *r = fyt_adapting_begin(s, dir, resume, stop);
    const fy_adapt_data data = fyt_adapting_data(s);
    const fy_status st = fy_adapt(r, s->dev, &data, &s->o, report);
    return fyt_adapting_end(s, r, st, report);
}

/* ---- who moved ---------------------------------------------------------------------------------------------- */

int fyt_list_changed(const char *file, const char *dir, const char *model, fyi_buf *names)
{
    fy_weights *a, *b;
    int n = 0;
    check_ok(fy_weights_open(file, &a));
    check_ok(fy_weights_open(fyt_path(dir, "checkpoint.safetensors"), &b));
    for (int i = 0; i < fy_weights_count(a); i++) {
        char name[128];
        const int64_t count = fy_shape_numel(fy_weights_shape(a, i));
        const size_t bytes = (size_t)count * sizeof(float);
        snprintf(name, sizeof name, "model/%s/%s", model, fy_weights_name(a, i));
        const int k = fy_weights_find(b, name);
        assert_true(k >= 0);
        float *va = fyi_alloc(bytes), *vb = fyi_alloc(bytes);
        check_ok(fy_weights_read(a, i, FY_F32, va, count));
        check_ok(fy_weights_read(b, k, FY_F32, vb, count));
        if (memcmp(va, vb, bytes) != 0) {
            fyi_buf_printf(names, "%s ", fy_weights_name(a, i));
            n++;
        }
        fyi_free(vb);
        fyi_free(va);
    }
    fy_weights_close(b);
    fy_weights_close(a);
    return n;
}
