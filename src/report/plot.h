/* plot.h: pictures as inline SVG: axes, lines, points, bars.
 *
 * A plot is a frame in its own units (a digit is 13 high) into which values are drawn. Colours and
 * strokes are classes of the page's style sheet, so that light, dark and print differ there only:
 *   s0..s7   series        k0..k9   classes of samples        source, target   domains
 */
#ifndef FYI_REPORT_PLOT_H
#define FYI_REPORT_PLOT_H

#include "report/html.h"

typedef struct fyi_point {
    double x, y; /* y NaN: a gap */
} fyi_point;

typedef enum fyi_tick_form {
    FYI_TICK_FIGURE,
    FYI_TICK_PERCENT,
    FYI_TICK_WHOLE,
    FYI_TICK_POWER, /* values are decimal logarithms of what is shown */
    FYI_TICK_NONE
} fyi_tick_form;

typedef struct fyi_axis {
    double lo, hi; /* lo < hi, finite: see fyi_axis_of */
    int ticks;     /* about how many */
    fyi_tick_form form;
    const char *title; /* NULL: none */
} fyi_axis;

typedef struct fyi_plot {
    double w, h, left, right, top, bottom; /* of the picture; of its margins */
    fyi_axis x, y;
    const char *about; /* a sentence for those who cannot see it */
    int id;            /* no other plot of the page has it */
} fyi_plot;

typedef enum fyi_shape_mark {
    FYI_MARK_BAR,
    FYI_MARK_SQUARE,
    FYI_MARK_DIAMOND,
    FYI_MARK_STAR,
    FYI_MARK_DOT
} fyi_shape_mark;

typedef struct fyi_mark {
    double x, y;
    const char *text, *css; /* text: its title */
    fyi_shape_mark shape;
} fyi_mark;

typedef struct fyi_cloud {
    const fyi_point *p;
    const int *class; /* of each point; NULL: all are of every class */
    size_t n, stride; /* every stride-th of n is drawn */
    bool is_crosses;  /* not dots */
} fyi_cloud;

/* An axis with room around lo..hi; also when they are equal, the wrong way round, or not finite. */
fyi_axis fyi_axis_of(double lo, double hi, int ticks, fyi_tick_form form);
/* Widens lo..hi to hold the values, without the few that lie far above the rest. False when out of
 * memory. */
bool fyi_axis_fit(const fyi_point *p, size_t n, double *lo, double *hi);
/* The distance between neighbouring ticks: 1, 2 or 5 times a power of ten. */
double fyi_tick_step(double lo, double hi, int ticks);
fyi_num fyi_tick_text(double v, double step, fyi_tick_form form);

double fyi_plot_x(const fyi_plot *p, double v);
double fyi_plot_y(const fyi_plot *p, double v);

/* <svg>, its description, the grid and the labels of the ticks. */
void fyi_plot_begin(fyi_buf *b, const fyi_plot *p);
void fyi_plot_end(fyi_buf *b);
/* A curve in the style `css`. One of many points is drawn thinly, under its running mean. */
void fyi_plot_line(fyi_buf *b, const fyi_plot *p, const fyi_point *v, size_t n, const char *name,
                   const char *css);
/* The same as it is, without values under the pointer: for what is no curve over steps. And its points alone. */
void fyi_plot_trace(fyi_buf *b, const fyi_plot *p, const fyi_point *v, size_t n, const char *css);
void fyi_plot_knots(fyi_buf *b, const fyi_plot *p, const fyi_point *v, size_t n, const char *css);
void fyi_plot_level(fyi_buf *b, const fyi_plot *p, double y, const char *css);
void fyi_plot_upright(fyi_buf *b, const fyi_plot *p, double x, const char *css);
/* `lift` above its place. */
void fyi_plot_mark(fyi_buf *b, const fyi_plot *p, const fyi_mark *m, double lift);
/* Those of class `of`. */
void fyi_plot_points(fyi_buf *b, const fyi_plot *p, const fyi_cloud *c, int of, const char *css);
/* n bars from 0 to v[i], over equal parts of the x axis; negative values hang. */
void fyi_plot_bars(fyi_buf *b, const fyi_plot *p, const double *v, int n, double sign,
                   const char *css, const char *name);
/* anchor: "start", "middle" or "end" */
void fyi_plot_text(fyi_buf *b, double x, double y, const char *anchor, const char *css,
                   const char *text);
/* A mark alone, 14 by 14, for legends and cards. */
void fyi_mark_icon(fyi_buf *b, fyi_shape_mark mark, const char *css);

#endif
