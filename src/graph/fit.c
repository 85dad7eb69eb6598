/* fit.c: a plan within a limit of memory: from the order of its nodes on, it is compiled again with more and more values
 * dropped until it fits. How much the choice of budget.c is worth, only the layout of a whole plan says: kernels'
 * layouts, reorders and gaps count too. */
#include "graph/fit.h"
#include "graph/budget.h"

void fyi_fit_text(const fy_plan_info *info, char text[FYI_FIT_CHARS])
{
    char without[FYI_SIZE_CHARS], with[FYI_SIZE_CHARS];
    (void)snprintf(
        text, FYI_FIT_CHARS,
        "memory: %s without, %s with %d of %d values computed twice (+%.0f %% of the work)",
        fyi_size_text(info->unlimited_bytes, without), fyi_size_text(info->total_bytes, with),
        info->n_recomputed, info->n_values - info->n_recomputed, 100 * info->recompute_frac);
}

/* What the copies add to the figures of a plan. */
static void count_copies(const fyi_budget *b, const fy_plan *without, fy_plan *p)
{
    double work[2] = { 0 };
    for (size_t i = 0; i < b->course.n_turns; i++) {
        const fyi_turn *t = &b->course.turns[i];
        work[t->is_copy] += b->work[t->node];
        p->info.n_recomputed += t->is_copy && b->work[t->node] > 0;
    }
    p->info.recompute_frac = work[0] > 0 ? work[1] / work[0] : 0;
    p->info.unlimited_bytes = without->info.total_bytes;
}

static bool fits(const fy_plan *p, size_t memory)
{
    return p->info.total_bytes <= memory;
}

/* Compiles with what b drops; *best becomes the new plan if it is smaller. */
static fy_status try_again(const fyi_plan_of *of, fyi_budget *b, const fy_plan *without,
                           fy_plan **best, size_t *bytes)
{
    fy_plan *p = NULL;
    (void)fyi_course_run(&b->course); /* the one that was looked at last may be another */
    FYI_FORWARD(fyi_plan_compile(of, &b->course, &p));
    count_copies(b, without, p);
    *bytes = p->info.total_bytes;
    if (*best && (*best)->info.total_bytes <= *bytes) {
        fy_plan_free(p);
        return FY_OK;
    }
    fy_plan_free(*best);
    *best = p;
    return FY_OK;
}

/* What the plan takes over the limit has to go from the block. */
static int64_t lower(int64_t target, size_t bytes, size_t memory)
{
    const int64_t over = (int64_t)bytes - (int64_t)memory;
    return FYI_MAX(target - FYI_MAX(over, target / 64 + 1), (int64_t)0);
}

/* Each target is at least `step` times the one before. */
static fy_status descend(const fyi_plan_of *of, fyi_budget *b, double step, const fy_plan *without,
                         fy_plan **best)
{
    const size_t memory = of->o->memory;
    size_t bytes = without->info.total_bytes;
    int64_t target = fyi_budget_peak(b);
    bool reached = true;
    while (reached && target > 0 && !(*best && fits(*best, memory))) {
        target = FYI_MAX(lower(target, bytes, memory), (int64_t)(step * (double)target));
        reached = fyi_budget_reach(b, target);
        FYI_FORWARD(try_again(of, b, without, best, &bytes));
    }
    return FY_OK;
}

/* At once to where it should fit. If that is too far, the smallest on the way is wanted, for the sentence at least. */
static fy_status search(const fyi_plan_of *of, fyi_budget *b, const fy_plan *without, fy_plan **best)
{
    FYI_FORWARD(descend(of, b, 0, without, best));
    if (*best && fits(*best, of->o->memory))
        return FY_OK;
    fyi_budget_begin(b);
    return descend(of, b, 0.9, without, best);
}

static fy_status too_little(const fy_plan *p, size_t memory)
{
    char need[FYI_SIZE_CHARS], fixed[FYI_SIZE_CHARS], given[FYI_SIZE_CHARS];
    const fy_plan_info *info = &p->info;
    return fyi_fail(
        FY_ENOMEM,
        "plan: computing as much as possible twice it needs %s, of which %s hold parameters and "
        "optimiser state, and memory is %s; take a smaller batch or smaller samples, or give it "
        "more",
        fyi_size_text(info->total_bytes, need),
        fyi_size_text(info->total_bytes - info->activation_bytes, fixed),
        fyi_size_text(memory, given));
}

fy_status fyi_plan_fit(const fyi_plan_of *of, fy_plan **p)
{
    fy_plan *without = *p, *best = NULL;
    char text[FYI_FIT_CHARS];
    fyi_budget b;
    if (of->o->memory == 0 || fits(without, of->o->memory))
        return FY_OK;
    fy_status st = fyi_budget_init(&b, without, of->o);
    if (st == FY_OK)
        st = search(of, &b, without, &best);
    fyi_budget_release(&b);
    if (st == FY_OK && !fits(best ? best : without, of->o->memory))
        st = too_little(best ? best : without, of->o->memory);
    if (best) {
        fy_plan_free(without);
        *p = best;
    }
    if (st == FY_OK) {
        fyi_fit_text(&best->info, text);
        fyi_note("%s", text);
    }
    return st;
}
