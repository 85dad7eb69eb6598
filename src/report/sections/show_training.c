/* show_training.c: target accuracy over steps, losses and accuracies stage by stage, and the signs
 * that need no labels. */
#include "report/report.h"

#include <math.h>
#include <string.h>

/* ---- target accuracy ------------------------------------------------------------------------- */

static void add_mark(fyi_report *r, fyi_chart *c, const fyi_series *s, int i)
{
    const int64_t step = r->result.step[FYI_PLAIN][i];
    const double y = fyi_series_at(s, (double)step);
    const fyi_number_look *look = &fyi_number_looks[i];
    char text[160];

    if (step < 0 || !isfinite(y) || (i == FYI_CHOSEN && r->result.fell_back && step > 0))
        return;
    snprintf(text, sizeof text, "%s: %s at step %s", look->name, fyi_percent(y).s,
             fyi_whole(step).s);
    c->marks[c->n_marks++] =
        (fyi_mark){ (double)step, y, fyi_report_dup(r, text), look->css, look->mark };
}

/* Where several methods were tried: of the one whose last step is shown. */
static const fyi_series *shown_series(const fyi_report *r, const char *name)
{
    const char *stage = r->result.last_method;

    return fyi_report_series(r, stage[0] != '\0' ? stage : NULL, name);
}

/* The same of another method. */
static void add_other(fyi_chart *c, const fyi_series *shown, const fyi_series *s)
{
    static const char *const styles[] = { "s1", "s2", "s3", "s4", "s5", "s6", "s7", "s0" };

    if (s != shown && strcmp(s->name, "target.accuracy") == 0)
        fyi_chart_add(c, s, s->stage, styles[(c->n_curves - 1) % (int)FYI_LEN(styles)]);
}

void fyi_show_target(fyi_report *r, fyi_buf *b)
{
    /* The oracle's star goes on top: it may lie on the same step as another. */
    static const int order[] = { FYI_SOURCE_ONLY, FYI_LAST, FYI_CHOSEN, FYI_ORACLE };
    const fyi_series *s = shown_series(r, "target.accuracy");
    const bool has_tries = r->result.last_method[0] != '\0';
    fyi_chart c = fyi_chart_new("Target accuracy", FYI_TICK_PERCENT);

    fyi_chart_add(&c, s, has_tries ? r->result.last_method : "target, judged with labels", "s0");
    for (size_t i = 0; has_tries && i < r->n_series; i++)
        add_other(&c, s, &r->series[i]);
    if (c.n_curves == 0)
        return;
    c.is_wide = c.is_share = c.is_alone = true;
    c.caption = "Only the judge sees these labels; the curve is for readers of the report. What "
                "the choice sees is under "
                "\"Signs without labels\".";
    for (size_t i = 0; i < FYI_LEN(order); i++)
        if (!has_tries || order[i] != FYI_ORACLE) /* the best of all methods may be another's */
            add_mark(r, &c, s, order[i]);
    fyi_section_begin(b, "target", "Target accuracy over steps", "");
    fyi_chart_write(r, b, &c);
    fyi_section_end(b);
}

/* ---- stages ---------------------------------------------------------------------------------- */

/* Names that deserve better than what stands before the dot. */
static const struct curve_name {
    const char *series, *name, *css;
} curve_names[] = {
    { "source.loss", "source encoder and classifier", "s0" },
    { "source.accuracy", "training samples", "s0" },
    { "critic.loss", "critic", "s2" },
    { "critic.accuracy", "critic", "s2" },
    { "target.loss", "target encoder", "s1" },
};

static void add_curve(fyi_report *r, fyi_chart *c, const fyi_series *s, size_t stem)
{
    static const char *const styles[] = { "s3", "s4", "s5", "s6", "s7", "s0", "s1", "s2" };
    char name[100];

    for (size_t i = 0; i < FYI_LEN(curve_names); i++)
        if (strcmp(curve_names[i].series, s->name) == 0) {
            fyi_chart_add(c, s, curve_names[i].name, curve_names[i].css);
            return;
        }
    snprintf(name, sizeof name, "%.*s", (int)stem, s->name);
    fyi_chart_add(c, s, fyi_report_dup(r, name), styles[c->n_curves % (int)FYI_LEN(styles)]);
}

/* "critic.loss" ends in ".loss"; length of "critic", 0 if it does not. */
static size_t stem_of(const char *name, const char *ending)
{
    const size_t n = strlen(name), m = strlen(ending);

    return n > m && strcmp(name + n - m, ending) == 0 ? n - m : 0;
}

/* The judge's figures and the choice's have charts of their own. */
static bool is_elsewhere(const char *name)
{
    return strncmp(name, "target.accuracy", 15) == 0 || strncmp(name, "source_test.", 12) == 0;
}

static void put_losses(fyi_report *r, fyi_buf *b, const char *stage)
{
    char title[120] = "";
    fyi_chart c = fyi_chart_new(title, FYI_TICK_FIGURE);

    snprintf(title, sizeof title, "Losses, stage \"%s\"", stage);
    for (size_t i = 0; i < r->n_series; i++)
        if (strcmp(r->series[i].stage, stage) == 0 && stem_of(r->series[i].name, ".loss") > 0)
            add_curve(r, &c, &r->series[i], stem_of(r->series[i].name, ".loss"));
    if (c.n_curves > 0 && c.curves[0].series->n >= 100)
        c.caption = "Thin: as logged. Thick: running mean.";
    fyi_chart_write(r, b, &c);
}

static void put_accuracies(fyi_report *r, fyi_buf *b, const char *stage)
{
    char title[120] = "";
    fyi_chart c = fyi_chart_new(title, FYI_TICK_PERCENT);
    bool has_critic = false;

    for (size_t i = 0; i < r->n_series; i++) {
        const fyi_series *s = &r->series[i];

        if (strcmp(s->stage, stage) != 0 || stem_of(s->name, ".accuracy") == 0 ||
            is_elsewhere(s->name))
            continue;
        has_critic |= strcmp(s->name, "critic.accuracy") == 0;
        add_curve(r, &c, s, stem_of(s->name, ".accuracy"));
    }
    snprintf(title, sizeof title,
             c.n_curves == 1 && has_critic ? "Critic's accuracy, stage \"%s\""
                                           : "Accuracy, stage \"%s\"",
             stage);
    c.is_share = true;
    if (has_critic) {
        c.level = 0.5;
        c.level_text = "50%: guessing";
        c.caption = "The critic says of a feature which domain it comes from. At 50% it cannot "
                    "tell the domains apart.";
    }
    fyi_chart_write(r, b, &c);
}

void fyi_show_training(fyi_report *r, fyi_buf *b)
{
    if (r->n_series == 0 || r->tuned.is_there || r->distilled.is_there || r->modalities.is_there)
        return;
    fyi_section_begin(b, "training", "Training, stage by stage", "");
    fyi_buf_puts(b, "<div class=\"pair\">\n");
    for (size_t i = 0; i < r->n_series; i++)
        if (fyi_starts_stage(r, i)) {
            put_losses(r, b, r->series[i].stage);
            put_accuracies(r, b, r->series[i].stage);
        }
    fyi_buf_puts(b, "</div>\n");
    fyi_section_end(b);
}

/* ---- signs ----------------------------------------------------------------------------------- */

static void mark_choice(fyi_report *r, fyi_chart *c)
{
    const int64_t step = r->result.step[FYI_PLAIN][FYI_CHOSEN];

    if (r->result.is_there && step >= 0)
        c->marks[c->n_marks++] =
            (fyi_mark){ (double)step, NAN,
                        r->result.fell_back ? "kept: the source model" : "label-free choice",
                        "n-chosen", FYI_MARK_BAR };
}

static void put_predictions(fyi_report *r, fyi_buf *b)
{
    fyi_chart c = fyi_chart_new("How certain, how varied", FYI_TICK_FIGURE);

    fyi_chart_add(&c, shown_series(r, "signs.information"), "information", "s2");
    fyi_chart_add(&c, shown_series(r, "signs.diversity"), "diversity", "s0");
    fyi_chart_add(&c, shown_series(r, "signs.entropy"), "entropy", "s1");
    c.is_share = true;
    c.caption = "Entropy: 0 certain, 1 undecided. Diversity: 0 when all samples get one class, 1 "
                "when all classes are "
                "equally frequent. Information is their difference; more is better.";
    mark_choice(r, &c);
    fyi_chart_write(r, b, &c);
}

static void put_shares(fyi_report *r, fyi_buf *b)
{
    fyi_chart c = fyi_chart_new("Shares of the predicted classes", FYI_TICK_PERCENT);

    fyi_chart_add(&c, shown_series(r, "signs.largest"), "most predicted class", "s1");
    fyi_chart_add(&c, shown_series(r, "signs.smallest"), "least predicted class", "s0");
    if (r->samples.n_classes > 1) {
        c.level = 1.0 / r->samples.n_classes;
        c.level_text = "all equal";
    }
    c.is_share = true;
    c.caption = "A class that nearly vanishes, or one that swallows the rest, is a collapse.";
    mark_choice(r, &c);
    fyi_chart_write(r, b, &c);
}

static void put_source_test(fyi_report *r, fyi_buf *b)
{
    fyi_chart c = fyi_chart_new("Accuracy on held-out source samples", FYI_TICK_PERCENT);

    fyi_chart_add(&c, shown_series(r, "source_test.accuracy"), "source, held out", "s0");
    c.is_share = c.is_wide = c.is_low = true;
    c.caption =
        "A model that forgets the source while it learns the target has lost what it was taught.";
    mark_choice(r, &c);
    fyi_chart_write(r, b, &c);
}

void fyi_show_signs(fyi_report *r, fyi_buf *b)
{
    if (fyi_report_series(r, NULL, "signs.entropy") == NULL &&
        fyi_report_series(r, NULL, "signs.information") == NULL &&
        fyi_report_series(r, NULL, "source_test.accuracy") == NULL)
        return;
    fyi_section_begin(b, "signs", "Signs without labels",
                      "What the label-free choice looks at: the target's predictions by "
                      "themselves, and the source.");
    fyi_buf_puts(b, "<div class=\"pair\">\n");
    put_predictions(r, b);
    put_shares(r, b);
    put_source_test(r, b);
    fyi_buf_puts(b, "</div>\n");
    fyi_section_end(b);
}
