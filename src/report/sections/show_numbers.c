/* show_numbers.c: source only, last step, label-free choice and oracle, side by side. The oracle
 * says that it is made with labels that the run must not use. */
#include "report/report.h"

#include <math.h>

const fyi_number_look fyi_number_looks[FYI_NUMBERS] = {
    [FYI_SOURCE_ONLY] = { "Source only", "n-source", "the model before adaptation", FYI_MARK_DOT },
    [FYI_LAST] = { "Last step", "n-last", "what training ended with", FYI_MARK_SQUARE },
    [FYI_CHOSEN] = { "Label-free choice", "n-chosen", "what the run hands back", FYI_MARK_DIAMOND },
    [FYI_ORACLE] = { "Oracle", "n-oracle", "uses target labels: shown, never used", FYI_MARK_STAR },
};

static const char *const way_names[FYI_WAYS] = {
    [FYI_PLAIN] = "accuracy", [FYI_MATCHED] = "matched", [FYI_SWAPPED] = "swapped"
};

bool fyi_has_way(const fyi_result *res, int way)
{
    for (int i = 0; i < FYI_NUMBERS; i++)
        if (isfinite(res->accuracy[way][i]))
            return true;
    return false;
}

void fyi_put_gauge(fyi_buf *b, double share)
{
    fyi_buf_puts(b, "<svg class=\"gauge\" viewBox=\"0 0 100 6\" preserveAspectRatio=\"none\" "
                    "aria-hidden=\"true\">"
                    "<path class=\"rest\" d=\"M0 0H100V6H0z\" /><path class=\"fill\" d=\"M0 0H");
    fyi_html_coord(b, isfinite(share) ? share * 100 : 0);
    fyi_buf_puts(b, "V6H0z\" /></svg>\n");
}

void fyi_put_share(fyi_buf *b, double share)
{
    fyi_html(b, "<td class=\"share\">@", fyi_percent(share).s);
    fyi_put_gauge(b, share);
    fyi_buf_puts(b, "</td>");
}

static void put_where(const fyi_result *res, int i, fyi_buf *b)
{
    const double gain = res->accuracy[FYI_PLAIN][i] - res->accuracy[FYI_PLAIN][FYI_SOURCE_ONLY];

    fyi_buf_puts(b, "<p class=\"where\">");
    if (i == FYI_SOURCE_ONLY || (i == FYI_CHOSEN && res->fell_back))
        fyi_buf_puts(b, i == FYI_CHOSEN ? "fell back to the source model" : "step 0");
    else if (res->step[FYI_PLAIN][i] >= 0)
        fyi_html(b, "step @", fyi_whole(res->step[FYI_PLAIN][i]).s);
    if (i != FYI_SOURCE_ONLY && !(i == FYI_CHOSEN && res->fell_back) && isfinite(gain))
        fyi_html(b, " <span class=\"gain\">@</span>", fyi_points(gain).s);
    fyi_buf_puts(b, "</p>\n");
}

/* The same number counted another way; its step where that is another one. */
static void put_way(const fyi_result *res, int way, int i, fyi_buf *b)
{
    const int64_t step = res->step[way][i];

    fyi_html(b, "<p class=\"way\">@ <b>@</b>", way_names[way], fyi_percent(res->accuracy[way][i]).s);
    if (step >= 0 && step != res->step[FYI_PLAIN][i])
        fyi_html(b, " at step @", fyi_whole(step).s);
    fyi_buf_puts(b, "</p>\n");
}

static void put_card(const fyi_result *res, int i, fyi_buf *b)
{
    const fyi_number_look *look = &fyi_number_looks[i];

    fyi_html(b, "<div class=\"number @\">\n<h3>", look->css);
    fyi_mark_icon(b, look->mark, look->css);
    fyi_html(b, "@</h3>\n<p class=\"big\">@</p>\n", look->name,
             fyi_percent(res->accuracy[FYI_PLAIN][i]).s);
    fyi_put_gauge(b, res->accuracy[FYI_PLAIN][i]);
    put_where(res, i, b);
    for (int way = FYI_MATCHED; way < FYI_WAYS; way++)
        if (fyi_has_way(res, way))
            put_way(res, way, i, b);
    fyi_html(b, "<p class=\"hint\">@</p>\n</div>\n", look->hint);
}

/* The standard error of a fraction p of n samples is sqrt(p (1 - p) / n). */
static void put_sentences(const fyi_result *res, fyi_buf *b)
{
    const double p = res->accuracy[FYI_PLAIN][FYI_CHOSEN], n = (double)res->target_count;

    fyi_buf_puts(b, "<p class=\"lead\">Accuracy on the target");
    if (n > 0 && isfinite(p))
        fyi_html(
            b, ": @ samples, so that chance alone moves a figure by about @ points (one standard error)",
            fyi_whole(res->target_count).s, fyi_fixed(sqrt(p * (1 - p) / n) * 100, 1).s);
    fyi_buf_puts(b, ". Training and choice saw none of the target's labels.");
    if (fyi_has_way(res, FYI_MATCHED) || fyi_has_way(res, FYI_SWAPPED))
        fyi_buf_puts(b, " <b>Matched</b> counts under the best one-to-one matching of predicted to "
                        "true classes, which "
                        "itself uses labels: where it is well above the plain figure, classes were "
                        "found but exchanged.");
    if (fyi_has_way(res, FYI_SWAPPED))
        fyi_buf_puts(b, " <b>Swapped</b> counts with the two classes exchanged.");
    fyi_buf_puts(b, "</p>\n");
}

void fyi_show_numbers(fyi_report *r, fyi_buf *b)
{
    if (!r->result.is_adaptation)
        return;
    if (!fyi_has_way(&r->result, FYI_PLAIN)) {
        fyi_section_begin(b, "numbers", "Four numbers",
                          "Source only, last step, label-free choice and oracle stand here when "
                          "somebody has labels of "
                          "the target to judge by. In this run nobody had.");
        fyi_section_end(b);
        return;
    }
    fyi_section_begin(b, "numbers", "Four numbers", "");
    put_sentences(&r->result, b);
    fyi_buf_puts(b, "<div class=\"numbers\">\n");
    for (int i = 0; i < FYI_NUMBERS; i++)
        put_card(&r->result, i, b);
    fyi_buf_puts(b, "</div>\n");
    fyi_section_end(b);
}
