/* show_staged.c: what came of carrying a model to other domains in stages: in words, and as a table of every target's strategies after
 * each stage, with plain fine-tuning below. */
#include "report/report.h"

#include <math.h>

/* Two standard errors of the difference of two such shares of n samples. */
static double chance_of(const fyi_staged *s)
{
    const double p = s->target, q = s->finetuned;

    return s->test > 0 ? 2 * sqrt((p * (1 - p) + q * (1 - q)) / (double)s->test) : (double)NAN;
}

static const char *mood_of(const fyi_staged *s)
{
    const double gain = s->target - s->finetuned;

    if (!(fabs(gain) > chance_of(s)))
        return "calm";
    return gain > 0 ? "good" : "bad";
}

static void say_gain(const fyi_staged *s, fyi_buf *b)
{
    const double gain = s->target - s->finetuned;

    if (!isfinite(gain)) {
        fyi_buf_puts(b, ".");
        return;
    }
    fyi_html(b, ": @ points @ plain fine-tuning in as many steps, with @@",
             fyi_fixed(100 * fabs(gain), 1).s, gain < 0 ? "less than" : "more than",
             fyi_percent(s->finetuned).s,
             fabs(gain) > chance_of(s) ? "." : ", which may be chance.");
}

static void put_verdict(const fyi_staged *s, fyi_buf *b)
{
    fyi_html(b, "<section id=\"verdict\" class=\"verdict @\">\n<p>", mood_of(s));
    fyi_html(b,
             s->n_targets == 1 ? "The model is right on @ of the target's @ test samples"
                               : "The models are right on @ of the targets' @ test samples",
             fyi_percent(s->target).s, fyi_whole(s->test).s);
    say_gain(s, b);
    fyi_buf_puts(b,
                 "</p>\n<p class=\"why\">Validation samples of the target chose epochs, stage and "
                 "strategy; the test figures chose nothing.</p>\n");
    fyi_section_end(b);
}

/* ---- as a table ------------------------------------------------------------------------------ */

static void put_row(const fyi_carried *c, bool is_first, fyi_buf *b)
{
    static const char *const kept[FYI_TARGET_STAGES] = { "stage 1", "stage 2", "stage 3" };

    fyi_buf_puts(b, c->is_chosen ? "<tr class=\"of\">" : "<tr>");
    fyi_html(b, "<th scope=\"row\">@</th><td>@@</td>", is_first ? c->target : "", c->name,
             c->is_chosen ? " (chosen)" : "");
    for (int k = 0; k < FYI_TARGET_STAGES; k++)
        fyi_put_share(b, c->stage[k]);
    fyi_put_share(b, c->val);
    fyi_html(b, "<td>@</td></tr>\n", c->kept >= 0 ? kept[c->kept] : "\xE2\x80\x93");
}

static void put_table(const fyi_staged *s, fyi_buf *b)
{
    fyi_buf_puts(b, "<div class=\"card full scroll\">\n<table class=\"shares\">\n<thead><tr>"
                    "<th scope=\"col\">target</th><th scope=\"col\">strategy</th>"
                    "<th scope=\"col\">after stage 1</th><th scope=\"col\">stage 2</th>"
                    "<th scope=\"col\">stage 3</th><th scope=\"col\">validation</th>"
                    "<th scope=\"col\">kept</th></tr></thead>\n<tbody>\n");
    for (int i = 0; i < s->n; i++)
        put_row(&s->v[i], i == 0 || s->v[i].target != s->v[i - 1].target, b);
    fyi_buf_puts(b, "</tbody>\n</table>\n</div>\n");
}

void fyi_show_staged(fyi_report *r, fyi_buf *b)
{
    if (!r->staged.is_there)
        return;
    put_verdict(&r->staged, b);
    fyi_section_begin(
        b, "stages", "Three stages",
        "Stage 1 learns the source; 2 brings each modality's encoder and heads to the "
        "target; 3 everything, with the heads as teachers. Accuracy on test samples of "
        "the common answer.");
    put_table(&r->staged, b);
    fyi_section_end(b);
}
