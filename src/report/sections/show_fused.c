/* show_fused.c: what came of learning from several modalities, in words and in four figures. Who held whom back is
 * say_held_back.c's. */
#include "report/report.h"

#include <math.h>
#include <string.h>

/* Differences below what the page shows are none. */
#define SAME 0.0005

/* "500 test samples" */
static void say_samples(const fyi_modalities *m, fyi_buf *b)
{
    fyi_html(b, m->samples >= 0 ? "@ " : "the @", m->samples >= 0 ? fyi_whole(m->samples).s : "");
    fyi_html(b, "@ samples", m->is_test ? "test" : "validation");
}

/* How much better than the best of them alone. */
static double gain_of(const fyi_modalities *m)
{
    const int best = fyi_best_alone(m, -1);

    return best >= 0 ? m->fused - fyi_alone(m, best) : (double)NAN;
}

/* How large that may be by chance. */
static double chance_of(const fyi_modalities *m)
{
    const int best = fyi_best_alone(m, -1);

    return best >= 0 ? fyi_chance_between(m, m->fused, fyi_alone(m, best)) : (double)NAN;
}

static void say_gain(const fyi_modalities *m, fyi_buf *b)
{
    const double gain = gain_of(m);
    const int best = fyi_best_alone(m, -1);

    if (!isfinite(gain)) {
        fyi_buf_puts(b, ".");
        return;
    }
    if (fabs(gain) <= SAME)
        fyi_html(b, ", as @ alone is.", m->v[best].name);
    else
        fyi_html(b, ": @ points @ the best of them alone, @ with @@",
                 fyi_fixed(100 * fabs(gain), 1).s, gain > 0 ? "more than" : "less than",
                 m->v[best].name, fyi_percent(fyi_alone(m, best)).s,
                 fabs(gain) < chance_of(m) ? ", which may be chance." : ".");
}

/* Is none worse on validation? */
static bool is_worst(const fyi_modalities *m, int i)
{
    for (int k = 0; k < m->n; k++)
        if (!(m->v[i].val <= m->v[k].val))
            return false;
    return true;
}

/* The worst on validation may be the best here, and a run may be told that it is about another. */
static void say_weak(const fyi_modalities *m, fyi_buf *b)
{
    const fyi_modality *weak = m->weak >= 0 ? &m->v[m->weak] : NULL;
    const int best = fyi_best_alone(m, -1);

    if (weak == NULL || m->n < 2 || !isfinite(fyi_alone(m, m->weak)))
        return;
    if (m->weak == best && is_worst(m, m->weak))
        fyi_html(b, " By validation the weak one is @, which is the best alone here.", weak->name);
    else if (m->weak == best)
        fyi_html(b, " The run was about @, which is the best alone.", weak->name);
    else
        fyi_html(b, " The weak one is @: @ alone.", weak->name,
                 fyi_percent(fyi_alone(m, m->weak)).s);
}

static void say_result(const fyi_modalities *m, fyi_buf *b)
{
    if (!isfinite(m->fused)) {
        fyi_buf_puts(b, "The run did not record what came of learning from all modalities.");
        return;
    }
    fyi_html(b, "@ right on @ of ",
             m->n == 1 ? "The only modality is"
             : fyi_keeps_one(m)
                 ? "Each modality learned by itself, and the best of them by validation is"
                 : "Together the modalities are",
             fyi_percent(m->fused).s);
    say_samples(m, b);
    if (m->n == 1 || fyi_keeps_one(m))
        fyi_buf_puts(b, ".");
    else
        say_gain(m, b);
    say_weak(m, b);
}

static void say_choice(const fyi_modalities *m, fyi_buf *b)
{
    const double chance = m->n > 1 ? chance_of(m) : (double)NAN;

    fyi_buf_puts(b, "<p class=\"why\">");
    if (fyi_learns_alone(m))
        fyi_buf_puts(b, "<b>Kept:</b> of each modality the epoch that was its best. ");
    else if (m->best_epoch == 0)
        fyi_buf_puts(b, "<b>Kept:</b> the model as it began, which no epoch beat. ");
    else if (m->best_epoch > 0 && m->epochs > 0)
        fyi_html(b, "<b>Kept:</b> the model after epoch @ of @. ", fyi_whole(m->best_epoch).s,
                 fyi_whole(m->epochs).s);
    if (m->moved >= 0)
        fyi_html(b, "<b>Moved:</b> @ values. ", fyi_whole(m->moved).s);
    if (isfinite(chance))
        fyi_html(b,
                 "<b>Chance:</b> two such figures may lie @ points apart without meaning "
                 "anything (two standard errors). ",
                 fyi_fixed(100 * chance, 1).s);
    fyi_buf_puts(b, m->is_test ? "Validation samples chose the epoch; the test figures chose "
                                 "nothing.</p>\n"
                               : "The validation samples also chose the epoch, so the figures "
                                 "flatter a little; with a test part there would be some that "
                                 "chose nothing.</p>\n");
}

static const char *mood_of(const fyi_modalities *m)
{
    const double gain = gain_of(m);

    if (!(fabs(gain) > SAME) || fabs(gain) < chance_of(m))
        return "calm";
    return gain > 0 ? "good" : "bad";
}

static fyi_card card_of(const fyi_modalities *m, int i, const char *hint)
{
    return (fyi_card){ m->v[i].name, "", fyi_percent(fyi_alone(m, i)), fyi_alone(m, i), hint };
}

static void put_figures(const fyi_modalities *m, fyi_buf *b)
{
    const int best = fyi_best_alone(m, m->weak);
    fyi_card cards[4];
    size_t n = 0;

    cards[n++] =
        (fyi_card){ fyi_keeps_one(m) ? "Handed back" : "Together", "n-chosen",
                    fyi_percent(m->fused), m->fused,
                    fyi_keeps_one(m) ? "the best by validation" : "all parts that are there" };
    if (m->n > 1 && best >= 0)
        cards[n++] = card_of(m, best, m->n > 2 ? "alone; the best of the others" : "alone");
    if (m->n > 1 && m->weak >= 0)
        cards[n++] =
            card_of(m, m->weak,
                    m->weak == fyi_best_alone(m, -1) ? "alone; the one that the run is about"
                                                     : "alone; the weak one");
    cards[n++] = (fyi_card){ "No part", "", fyi_percent(m->subset[0]), m->subset[0],
                             "the most frequent class" };
    fyi_put_cards(b, cards, n);
}

void fyi_show_fused(fyi_report *r, fyi_buf *b)
{
    const fyi_modalities *m = &r->modalities;

    if (!m->is_there || r->staged.is_there) /* that has a verdict of its own */
        return;
    fyi_html(b, "<section id=\"verdict\" class=\"verdict @\">\n<p>", mood_of(m));
    say_result(m, b);
    fyi_buf_puts(b, "</p>\n");
    fyi_say_held_back(r, b);
    say_choice(m, b);
    fyi_section_end(b);
    put_figures(m, b);
}
