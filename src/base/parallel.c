/* parallel.c: one loop over the compute threads.
 *
 * With OpenMP the threads are the same that oneDNN uses, so the two never compete for the cores.
 * The build without OpenMP starts threads for each call: slower, but every thread is one that
 * ThreadSanitizer can see. Part i of k is always [n*i/k, n*(i+1)/k), whoever runs it. */
#include "base/base.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>
#ifdef _OPENMP
#include <omp.h>
#endif

#define MAX_THREADS 1024

static atomic_int n_threads; /* 0 until somebody asks */

static int count_cores(void)
{
    long n;
#ifdef __linux__
    cpu_set_t set;

    /* A container or taskset may leave us fewer cores than the machine has. */
    if (sched_getaffinity(0, sizeof(set), &set) == 0)
        return CPU_COUNT(&set);
#endif
    n = sysconf(_SC_NPROCESSORS_ONLN);
    return n < 1 ? 1 : (int)FYI_MIN(n, MAX_THREADS);
}

static int default_threads(void)
{
    const char *text = getenv("OMP_NUM_THREADS");
    const long wanted = text ? strtol(text, NULL, 10) : 0;
    const int n_cores = FYI_MIN(count_cores(), MAX_THREADS);

    return wanted > 0 && wanted < n_cores ? (int)wanted : n_cores;
}

int fyi_threads(void)
{
    int n = atomic_load(&n_threads);

    if (n == 0) {
        n = default_threads();
        atomic_store(&n_threads, n);
    }
    return n;
}

void fyi_set_threads(int n)
{
    atomic_store(&n_threads, n > 0 ? FYI_MIN(n, MAX_THREADS) : default_threads());
}

typedef struct job {
    fyi_range_fn fn;
    void *ctx;
    int64_t n;
    int n_parts;
} job;

/* n * i / n_parts without the product, which could overflow. */
static int64_t part_begin(const job *j, int i)
{
    const int64_t size = j->n / j->n_parts, rest = j->n % j->n_parts;

    return size * i + rest * i / j->n_parts;
}

static void run_part(const job *j, int i)
{
    const int64_t begin = part_begin(j, i), end = part_begin(j, i + 1);

    if (begin < end)
        j->fn(j->ctx, begin, end);
}

#ifdef _OPENMP

static bool is_nested(void)
{
    return omp_in_parallel() != 0;
}

/* The team always has its full size, even for fewer parts: gcc's runtime ends the threads that a
 * smaller team leaves out and has to start them again for the next one. */
static void run_parts(const job *j)
{
    const int team = fyi_threads();

    /* A setting of the calling thread, which oneDNN reads as well. */
    if (omp_get_max_threads() != team)
        omp_set_num_threads(team);
#pragma omp parallel num_threads(team)
    for (int i = omp_get_thread_num(); i < j->n_parts; i += omp_get_num_threads())
        run_part(j, i);
}

static void run_each(void (*fn)(void *ctx), void *ctx)
{
#pragma omp parallel num_threads(fyi_threads())
    fn(ctx);
}

#else

static _Thread_local bool is_worker;

static bool is_nested(void)
{
    return is_worker;
}

typedef struct worker {
    const job *job;
    int i_part;
    bool is_started;
    pthread_t thread;
} worker;

static void *work(void *arg)
{
    const worker *w = arg;

    is_worker = true;
    run_part(w->job, w->i_part);
    return NULL;
}

static void run_parts(const job *j)
{
    worker workers[MAX_THREADS];

    for (int i = 1; i < j->n_parts; i++) {
        workers[i] = (worker){ .job = j, .i_part = i };
        workers[i].is_started = pthread_create(&workers[i].thread, NULL, work, &workers[i]) == 0;
    }
    is_worker = true;
    run_part(j, 0);
    for (int i = 1; i < j->n_parts; i++)
        if (!workers[i].is_started)
            run_part(j, i);
    is_worker = false;
    for (int i = 1; i < j->n_parts; i++)
        if (workers[i].is_started)
            pthread_join(workers[i].thread, NULL);
}

/* Workers end with their loop. */
static void run_each(void (*fn)(void *ctx), void *ctx)
{
    fn(ctx);
}

#endif

void fyi_each_thread(void (*fn)(void *ctx), void *ctx)
{
    if (is_nested() || fyi_threads() == 1)
        fn(ctx);
    else
        run_each(fn, ctx);
}

void fyi_parallel(int64_t n, int64_t grain, fyi_range_fn fn, void *ctx)
{
    job j = { .fn = fn, .ctx = ctx, .n = n, .n_parts = 1 };

    if (n <= 0)
        return;
    j.n_parts = (int)FYI_MAX(1, FYI_MIN((int64_t)fyi_threads(), n / FYI_MAX(grain, 1)));
    if (j.n_parts == 1 || is_nested())
        fn(ctx, 0, n);
    else
        run_parts(&j);
}
