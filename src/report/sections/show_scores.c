/* show_scores.c: the first figures of an evaluation: how often it is right, by sample and by class, and whether it
 * knows when it is. */
#include "report/report.h"

#include <math.h>

static void put_card(fyi_buf *b, const fyi_card *c)
{
    fyi_html(b, "<div class=\"number @\">\n<h3>@</h3>\n<p class=\"big\">@</p>\n", c->css, c->title,
             c->big.s);
    if (isfinite(c->share))
        fyi_put_gauge(b, c->share);
    fyi_html(b, "<p class=\"hint\">@</p>\n</div>\n", c->hint);
}

void fyi_put_cards(fyi_buf *b, const fyi_card *cards, size_t n)
{
    fyi_buf_puts(b, "<div class=\"numbers\">\n");
    for (size_t i = 0; i < n; i++)
        put_card(b, &cards[i]);
    fyi_buf_puts(b, "</div>\n");
}

/* The standard error of a share p of n samples is sqrt(p (1 - p) / n). */
static void put_lead(const fyi_eval *e, fyi_buf *b)
{
    const double p = e->accuracy, n = (double)e->count;

    fyi_html(b, "<p class=\"lead\">@ samples of @ classes", fyi_whole(e->count).s,
             fyi_whole(e->n_classes).s);
    if (n > 0 && isfinite(p))
        fyi_html(b,
                 ", so that chance alone moves the accuracy by about @ points (one standard error)",
                 fyi_fixed(sqrt(p * (1 - p) / n) * 100, 1).s);
    fyi_buf_puts(b, ".");
    if (e->broken > 0)
        fyi_html(b, " @ more are left out: their pictures are broken.", fyi_whole(e->broken).s);
    /* Few samples of many classes can be matched well by chance. */
    if (e->matched > e->accuracy + 0.02 && e->count >= 10 * (int64_t)e->n_classes)
        fyi_html(b,
                 " Under the best one-to-one matching of classes, which itself uses labels, it "
                 "would be @: classes "
                 "are found but exchanged.",
                 fyi_percent(e->matched).s);
    fyi_buf_puts(b, "</p>\n");
}

static const char *say_calibration(const fyi_eval *e, char room[80])
{
    const double gap = e->confidence - e->accuracy;

    if (!isfinite(gap))
        return "15 bins";
    snprintf(room, 80, "%.20s sure on average: %s", fyi_percent(e->confidence).s,
             fabs(gap) < 0.005 ? "as it should be"
             : gap > 0         ? "too sure"
                               : "too unsure");
    return room;
}

void fyi_show_scores(fyi_report *r, fyi_buf *b)
{
    const fyi_eval *e = &r->eval;
    char room[80];
    const fyi_card cards[] = {
        { "Accuracy", "n-chosen", fyi_percent(e->accuracy), e->accuracy,
          "every sample counts as much" },
        { "Balanced", "", fyi_percent(e->balanced), e->balanced,
          "mean recall: every class counts as much" },
        { isfinite(e->top5) ? "Top 5" : "Macro F1", "",
          fyi_percent(isfinite(e->top5) ? e->top5 : e->macro_f1),
          isfinite(e->top5) ? e->top5 : e->macro_f1,
          isfinite(e->top5) ? "the label is among the five surest classes"
                            : "mean over the classes" },
        { "Calibration error", "", fyi_percent(e->ece), e->ece, say_calibration(e, room) },
    };

    if (!e->is_there)
        return;
    fyi_section_begin(b, "scores", "How good it is", "");
    put_lead(e, b);
    fyi_put_cards(b, cards, FYI_LEN(cards));
    fyi_section_end(b);
}
