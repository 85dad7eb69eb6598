/* show_tuned.c: what came of a fine-tuning, in words and in four figures: the model before, the one that is kept, the
 * last, and the test. */
#include "report/report.h"

#include <math.h>
#include <string.h>

/* Differences below what the page shows are none. */
#define SAME 0.0005

static void say_gain(const fyi_tuned *t, fyi_buf *b)
{
    if (t->best_epoch == 0)
        fyi_html(b, "No epoch beat the model as it began, which is kept: @ right on validation.",
                 fyi_percent(t->val_accuracy).s);
    else if (!isfinite(t->before) || !isfinite(t->val_accuracy))
        fyi_buf_puts(b, "The run did not record what fine-tuning changed.");
    else if (t->val_accuracy - t->before > SAME)
        fyi_html(b, "Fine-tuning raised validation accuracy from @ to @.", fyi_percent(t->before).s,
                 fyi_percent(t->val_accuracy).s);
    else
        fyi_html(b, "Fine-tuning left validation accuracy at @.", fyi_percent(t->val_accuracy).s);
    if (isfinite(t->test_accuracy))
        fyi_html(b, " On the test part, looked at once, it is @.", fyi_percent(t->test_accuracy).s);
}

static void say_kept(const fyi_tuned *t, fyi_buf *b)
{
    fyi_buf_puts(b, "<p class=\"why\">");
    if (t->best_epoch > 0 && t->epochs > 0)
        fyi_html(b, "<b>Kept:</b> @ after epoch @ of @. ",
                 t->ema > 0 ? "the moving average of the weights" : "the model",
                 fyi_whole(t->best_epoch).s, fyi_whole(t->epochs).s);
    if (t->best_epoch != 0 && t->moved >= 0 && t->all > 0)
        fyi_html(b, "<b>Moved:</b> @ of its @ values in the last part (@), at a rate of @. ",
                 fyi_whole(t->moved).s, fyi_whole(t->all).s,
                 fyi_percent((double)t->moved / (double)t->all).s, fyi_figure(t->lr).s);
    fyi_buf_puts(b,
                 isfinite(t->test_accuracy)
                     ? "The validation figure chose the epoch; the test figure chose nothing.</p>\n"
                     : "The validation figure also chose the epoch, so it flatters a little; "
                       "with a test part "
                       "there would be one that chose nothing.</p>\n");
}

/* Of the last evaluation of all; NaN if there was none. */
static double last_accuracy(const fyi_report *r)
{
    double v = NAN;

    for (size_t i = 0; i < r->n_series; i++) {
        const fyi_series *s = &r->series[i];

        if (strcmp(s->name, "val.accuracy") == 0 && s->n > 0)
            v = s->p[s->n - 1].y;
    }
    return v;
}

/* file: whose figure it is. */
static void say_when(char *text, size_t size, int64_t epoch, const char *file)
{
    if (epoch > 0)
        snprintf(text, size, "validation, after epoch %.20s; %s", fyi_whole(epoch).s, file);
    else
        snprintf(text, size, "validation%s; %s", epoch == 0 ? ", as it began" : "", file);
}

static void put_figures(const fyi_report *r, fyi_buf *b)
{
    const fyi_tuned *t = &r->tuned;
    const double last = last_accuracy(r);
    char kept[80], ended[80];
    const fyi_card cards[] = {
        { "Before", "n-source", fyi_percent(t->before), t->before,
          "validation, before the first step" },
        { "Kept", "n-chosen", fyi_percent(t->val_accuracy), t->val_accuracy, kept },
        { "Last epoch", "n-last", fyi_percent(last), last, ended },
        { "Test", "", fyi_percent(t->test_accuracy), t->test_accuracy,
          isfinite(t->test_accuracy) ? "the kept model, looked at once"
                                     : "there is no test part: set test, or --test" },
    };

    say_when(kept, sizeof kept, t->best_epoch, "best.safetensors");
    /* The last evaluation saw averages; the last file has the values that they are of. */
    say_when(ended, sizeof ended, t->epochs, t->ema > 0 ? "the average" : "last.safetensors");
    fyi_put_cards(b, cards, FYI_LEN(cards));
}

void fyi_show_tuned(fyi_report *r, fyi_buf *b)
{
    const fyi_tuned *t = &r->tuned;

    if (!t->is_there)
        return;
    fyi_html(b, "<section id=\"verdict\" class=\"verdict @\">\n<p>",
             t->val_accuracy - t->before > SAME ? "good" : "calm");
    say_gain(t, b);
    fyi_buf_puts(b, "</p>\n");
    say_kept(t, b);
    fyi_section_end(b);
    put_figures(r, b);
}
