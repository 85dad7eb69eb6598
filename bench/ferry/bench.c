/* bench.c: Ferry's side of the comparison with PyTorch (bench/compare.py runs both). One workload a run, and one JSON
 * line per figure: images_per_s and steps_per_s (median over timed blocks), startup_s (process start until the first
 * step is done), peak_rss_mib. bench/README.md lists the workloads; docs/benchmarks.md says what each does.
 *
 *   bench WORKLOAD [options]
 *     --bf16          products in bf16
 *     --batch N       images of a step; the workload's own by default
 *     --live          adda, distill: the frozen network runs in each step
 *     --blocks N, --block-s S   timed blocks (7) and their seconds (1)
 *     --first         stop after one step
 *     --spawned NS    the parent's CLOCK_MONOTONIC when it started this process
 *     --values FILE   write values and images to FILE.npz and give the first two steps' results: same on both sides
 *     --folder PATH   of pictures: where head10 and jpeg find them, where "pictures" makes them
 *     --images N      how many it makes (256)
 *     --kernel-times FILE   what keeps which kernels are fastest here; without it they are chosen by rule
 *     --plan          print each launch with its kernel
 *     --times         the same with its mean time; what is measured meanwhile is slower for it */
#include "bench.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

typedef struct workload {
    const char *name;
    fy_status (*begin)(bench *b);
} workload;

static const workload workloads[] = {
    { "adda", begin_adda },
    { "supervised", begin_supervised },
    { "resnet18-train", begin_train },
    { "mobilenet-train", begin_train },
    { "cnn-train", begin_train },
    { "resnet18-features", begin_infer },
    { "mobilenet-infer", begin_infer },
    { "head10", begin_head10 },
    { "distill", begin_distill },
    { "student", begin_distill },
    { "distill-epoch", begin_distill_epoch },
    { "distill-whole", begin_distill_whole },
    { "joint", begin_dgl },
    { "dgl", begin_dgl },
    { "dgl-unique", begin_dgl },
    { "dann", begin_carry },
    { "cdan", begin_carry },
    { "mcd", begin_carry },
    { "mmd", begin_carry },
    { "search-head", begin_search_head },
    { "backbone-3", begin_backbone },
    { "jpeg", begin_jpeg },
    { "pictures", begin_pictures },
};

#define LEN(a) (sizeof(a) / sizeof *(a))

/* ---- what workloads share ---------------------------------------------------------------------- */

void bench_put(const bench *b, const char *metric, double value)
{
    printf("{\"workload\": \"%s\", \"system\": \"ferry\", \"version\": \"%s\", \"metric\": \"%s\", "
           "\"value\": %.9g}\n",
           b->workload, fy_version(), metric, value);
    fflush(stdout);
}

fy_status bench_open_model(const char *family, const char *name, fy_shape input, int64_t classes,
                           fy_model **m)
{
    fy_model_opts o = fy_model_defaults();
    o.input = input;
    o.n_classes = classes;
    return fy_model_open(family, name, &o, m);
}

float *bench_noise(int64_t n)
{
    float *x = malloc((size_t)n * sizeof *x);
    fy_rng r = fy_rng_named(1, "bench");
    for (int64_t i = 0; x && i < n; i++)
        x[i] = (2 * fy_rng_uniform(&r) - 1) * 1.7320508f;
    return x;
}

fy_node bench_halves(fy_graph *g, int n, int n_first)
{
    int32_t *y = malloc((size_t)n * sizeof *y);
    for (int i = 0; y && i < n; i++)
        y[i] = i >= n_first;
    const fy_node labels = y ? fy_constant(g, FY_I32, FY_SHAPE(n), y) : FY_NO_NODE;
    free(y);
    return labels;
}

fy_node bench_spread(fy_graph *g, int64_t n, int64_t classes)
{
    int32_t *y = malloc((size_t)n * sizeof *y);
    for (int64_t i = 0; y && i < n; i++)
        y[i] = (int32_t)(i * 37 % classes);
    const fy_node labels = y ? fy_constant(g, FY_I32, FY_SHAPE(n), y) : FY_NO_NODE;
    free(y);
    return labels;
}

static fy_status step_plan(bench *b)
{
    return fy_plan_step(b->plan);
}

fy_status bench_plan(bench *b, const fy_plan_opts *o)
{
    if (!b->step)
        b->step = step_plan;
    return fy_plan_new(b->g, b->dev, o, &b->plan);
}

static fy_status add_param(fy_weights_file *f, const char *name, fy_param *p)
{
    const fy_shape *s = fy_param_shape(p);
    const int64_t n = fy_shape_numel(s);
    float *values = malloc((size_t)n * sizeof *values);
    fy_status st =
        values ? fy_param_read(p, values, n) : fy_error(FY_ENOMEM, "no memory for '%s'", name);
    if (st == FY_OK)
        st = fy_weights_add(f, name, FY_F32, s, values);
    free(values);
    return st;
}

fy_status bench_share_model(fy_weights_file *f, const char *prefix, const fy_model *m)
{
    char name[256];
    fy_status st = FY_OK;
    for (int i = 0; i < fy_model_count(m); i++) {
        (void)snprintf(name, sizeof name, "%s%s", prefix, fy_model_param_name(m, i));
        FY_TRY(add_param(f, name, fy_model_param(m, i)));
    }
done:
    return st;
}

fy_status bench_share_named(fy_weights_file *f, const fy_model *m)
{
    char prefix[64];
    (void)snprintf(prefix, sizeof prefix, "%s.", fy_model_name(m));
    return bench_share_model(f, prefix, m);
}

fy_status bench_share(const bench *b, fy_model *m, fy_shape shape, const float *x)
{
    fy_weights_file *f = NULL;
    fy_status st = FY_OK;
    if (!b->values)
        return FY_OK;
    FY_TRY(fy_weights_create(b->values, &f));
    if (m)
        FY_TRY(bench_share_model(f, "", m));
    if (x)
        FY_TRY(fy_weights_add(f, "x", FY_F32, &shape, x));
    return fy_weights_commit(f);
done:
    fy_weights_abort(f);
    return st;
}

void bench_put_result(const bench *b, const char *of, double value)
{
    char metric[64];
    (void)snprintf(metric, sizeof metric, "%s%s_result",
                   fy_plan_steps(b->plan) == 1 ? "first" : "second", of);
    bench_put(b, metric, value);
}

fy_status bench_put_loss(const bench *b, fy_node loss)
{
    float value;
    const fy_status st = fy_plan_read(b->plan, loss, &value, 1);
    if (st == FY_OK)
        bench_put_result(b, "", value);
    return st;
}

static int find_state(const fy_plan *p, const char *name)
{
    int i = 0;
    while (i < fy_plan_state_count(p) && strcmp(fy_plan_state_name(p, i), name) != 0)
        i++;
    return i;
}

static double mean_size(const float *x, int64_t n)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += fabs((double)x[i]);
    return sum / (double)n;
}

fy_status bench_put_moment(const bench *b, const char *of, const char *state)
{
    const int i = find_state(b->plan, state);
    if (i == fy_plan_state_count(b->plan))
        return fy_error(FY_EINVAL, "%s: the plan has no state '%s'", b->workload, state);
    const int64_t n = fy_shape_numel(fy_plan_state_shape(b->plan, i));
    float *moment = malloc((size_t)n * sizeof *moment);
    fy_status st = moment ? fy_plan_state_read(b->plan, i, moment, n)
                          : fy_error(FY_ENOMEM, "no memory for '%s'", state);
    if (st == FY_OK)
        bench_put_result(b, of, 1e3 * mean_size(moment, n));
    free(moment);
    return st;
}

/* ---- measuring, as peer.py does ------------------------------------------------------------------ */

double bench_now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int by_value(const void *x, const void *y)
{
    const double a = *(const double *)x, b = *(const double *)y;
    return (a > b) - (a < b);
}

double bench_median(double *v, int64_t n)
{
    qsort(v, (size_t)n, sizeof *v, by_value);
    return v[n / 2];
}

/* Warms up for one and a half blocks; the figure is the median of the timed ones. */
static fy_status measure(bench *b)
{
    const int64_t least = b->blocks < 3 ? b->blocks : 3;
    double rate[BENCH_MOST_BLOCKS];
    fy_status st;
    double start = bench_now_s();
    int n = 0;
    for (; n < least || bench_now_s() - start < 1.5 * b->block_s; n++)
        FY_TRY(b->step(b));
    const int reps = 1 + (int)(b->block_s * n / (bench_now_s() - start));
    for (int k = 0; k < b->blocks; k++) {
        start = bench_now_s();
        for (int i = 0; i < reps; i++)
            FY_TRY(b->step(b));
        rate[k] = reps / (bench_now_s() - start);
    }
    const double middle = bench_median(rate, b->blocks);
    bench_put(b, "steps_per_s", middle);
    bench_put(b, "images_per_s", middle * (double)b->step_images);
done:
    return st;
}

/* What came out of the first step, which sees the values as they were, and of the second, which sees the update. */
static fy_status compare_results(bench *b)
{
    fy_status st;
    FY_TRY(b->result(b));
    FY_TRY(b->step(b));
    FY_TRY(b->result(b));
done:
    return st;
}

static fy_status run_steps(bench *b)
{
    fy_status st;
    FY_TRY(b->step(b));
    if (b->spawned_s > 0)
        bench_put(b, "startup_s", bench_now_s() - b->spawned_s);
    if (b->values && b->result)
        FY_TRY(compare_results(b));
    else if (!b->first_only)
        FY_TRY(measure(b));
done:
    return st;
}

static void show_plan(const bench *b)
{
    static char text[1 << 18];
    (void)fy_plan_text(b->plan, text, sizeof text);
    fputs(text, stderr);
}

/* ---- one workload ----------------------------------------------------------------------------------- */

static const workload *find_workload(const char *name)
{
    for (size_t i = 0; i < LEN(workloads); i++)
        if (strcmp(workloads[i].name, name) == 0)
            return &workloads[i];
    return NULL;
}

static fy_status refuse(const char *name)
{
    char names[512] = "";
    for (size_t i = 0; i < LEN(workloads); i++)
        snprintf(names + strlen(names), sizeof names - strlen(names), "%s%s", i ? ", " : "",
                 workloads[i].name);
    return fy_error(FY_EINVAL, "there is no workload '%s'; expected one of %s", name, names);
}

static fy_status run(bench *b)
{
    const workload *w = find_workload(b->workload);
    struct rusage use;
    fy_status st;
    if (!w)
        return refuse(b->workload);
    FY_TRY(fy_device_open("cpu", &b->dev));
    FY_TRY(fy_device_set_precision(b->dev, b->bf16 ? FY_BF16 : FY_F32));
    FY_TRY(fy_device_set_kernel_times(b->dev, b->kernel_times));
    FY_TRY(fy_graph_new(&b->g));
    FY_TRY(w->begin(b));
    if (b->show_times && b->plan)
        fy_plan_measure(b->plan);
    if (b->step)
        FY_TRY(run_steps(b));
    if ((b->show_plan || b->show_times) && b->plan)
        show_plan(b);
    getrusage(RUSAGE_SELF, &use);
    bench_put(b, "peak_rss_mib", (double)use.ru_maxrss / 1024);
done:
    fy_graph_free(b->g);
    fy_plan_free(b->plan);
    return st;
}

/* ---- the command line ---------------------------------------------------------------------------------- */

static void set_number(bench *b, const char *option, const char *value)
{
    const struct {
        const char *name;
        double *real;
        int64_t *whole;
        double scale;
    } numbers[] = {
        { "--spawned", &b->spawned_s, NULL, 1e-9 }, { "--block-s", &b->block_s, NULL, 1 },
        { "--blocks", NULL, &b->blocks, 1 },        { "--batch", NULL, &b->batch, 1 },
        { "--images", NULL, &b->images, 1 },
    };
    for (size_t i = 0; i < LEN(numbers); i++)
        if (strcmp(option, numbers[i].name) == 0 && numbers[i].real)
            *numbers[i].real = numbers[i].scale * strtod(value, NULL);
        else if (strcmp(option, numbers[i].name) == 0)
            *numbers[i].whole = strtoll(value, NULL, 10);
}

static void read_options(bench *b, int n, char **words)
{
    for (int i = 0; i < n; i++) {
        const char *next = i + 1 < n ? words[i + 1] : "";
        b->live |= strcmp(words[i], "--live") == 0;
        b->bf16 |= strcmp(words[i], "--bf16") == 0;
        b->show_plan |= strcmp(words[i], "--plan") == 0;
        b->show_times |= strcmp(words[i], "--times") == 0;
        b->first_only |= strcmp(words[i], "--first") == 0;
        if (strcmp(words[i], "--values") == 0)
            b->values = next;
        if (strcmp(words[i], "--folder") == 0)
            b->folder = next;
        else if (strcmp(words[i], "--kernel-times") == 0)
            b->kernel_times = next;
        set_number(b, words[i], next);
    }
    b->blocks = b->blocks < 1 ? 1 : b->blocks > BENCH_MOST_BLOCKS ? BENCH_MOST_BLOCKS : b->blocks;
}

int main(int argc, char **argv)
{
    bench b = { .workload = argc > 1 ? argv[1] : "", .block_s = 1.0, .blocks = 7, .images = 256 };
    read_options(&b, argc - 2, argv + 2);
    if (run(&b) == FY_OK)
        return 0;
    fprintf(stderr, "bench: %s\n", fy_last_error());
    return 1;
}
