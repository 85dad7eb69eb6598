/* spans.c: many tensors' elements as one long vector. */
#include "backend/native/spans.h"
#include "backend/native/native.h"

static void run_range(void *ctx, int64_t begin, int64_t end)
{
    const fyi_spans *s = ctx;
    int64_t first = 0;
    for (int i = 0; i < s->n && first < end; i++) {
        const int64_t n = s->numel(s->ctx, i);
        const int64_t from = FYI_MAX(begin, first), to = FYI_MIN(end, first + n);
        if (from < to)
            s->run(s->ctx, i, from - first, to - first);
        first += n;
    }
}

void fyi_spans_run(const fyi_spans *s)
{
    fyi_spans all = *s;
    int64_t total = 0;
    for (int i = 0; i < s->n; i++)
        total += s->numel(s->ctx, i);
    fyi_parallel(total, FYI_GRAIN, run_range, &all);
}
