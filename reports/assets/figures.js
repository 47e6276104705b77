// The figures that a reader's choice changes: from curves to plotly's data, colours as tokens of the theme.
function figuresOf(report, stored, view) {
  const { variants, cells, curves, style, baseline } = report;
  const { state, X_AXES, known, along, pairedAxis, drawnVariants, full, zoomOn, smoothingRange, slotOf } = view;
  const length = curves.shape[1], ends = stored.map(cell => lastFinite(cell.mean));
  const cellAt = new Map(cells.map((cell, i) => [cell.v + '/' + cell.seed, i]));
  const of = v => slotOf(v) === null ? '@ghost' : '@v' + slotOf(v);
  const ink = v => slotOf(v) === null ? '@muted' : '@v' + slotOf(v);

  // Plotly reads a few tags in its texts: words are shown, never obeyed.
  const plain = words => words.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  const text = variants.map(variant => plain(variant.label)), short = shortened(variants.map(variant => variant.label), 26).map(plain);
  const narrow = () => innerWidth < 640;

  // Lines of one picture share their points: every step, or the widest buckets of the cells it draws.
  const wide = stored.map(cell => new Map([[cell.size, cell]]));
  const inBuckets = (i, size) => {
    if (!wide[i].has(size)) wide[i].set(size, widened(stored[i], size));
    return wide[i].get(size);
  };
  const widest = list => Math.max(1, ...list.map(i => stored[i].size));
  const merge = (under, over) => {
    const merged = { ...under };
    for (const [key, value] of Object.entries(over))
      merged[key] = value && typeof value === 'object' && !Array.isArray(value) && under[key] ? merge(under[key], value) : value;
    return merged;
  };

  function layoutOf(given) {
    const layout = merge(style.layout, narrow() && given.meta?.narrow ? merge(given, given.meta.narrow) : given);
    for (const key of Object.keys(layout)) if (/^[xy]axis\d*$/.test(key)) layout[key] = merge(style.axis, layout[key]);
    if (!narrow()) return layout;
    layout.margin = { ...layout.margin, l: Math.min(layout.margin.l, 48), r: 12 };
    // A figure that ends where its labels begin says how much of its width they need.
    const [low, high] = layout.xaxis?.range ?? [], room = layout.meta?.room ?? 0;
    if (room) layout.xaxis = { ...layout.xaxis, range: [low, high + room * (high - low)] };
    // No room beside the figure: the labels stand inside, at its right edge.
    const notes = layout.annotations ?? [], ends = notes.filter(note => note.name === 'end');
    // What was cut in its middle is cut there again: its end is what tells it apart.
    const squeezed = words => words.replace(/^(.{6}).*…(?=.{11})/, '$1…').replace(/….*(?=.{11}$)/, '…');
    const cuts = shortened(ends.map(note => squeezed(note.text)), 18), beside = room ? {} : { yshift: 10, bgcolor: '@page/0.8' };
    layout.annotations = notes.map(note => note.name === 'end'
      ? { ...note, xanchor: 'right', xshift: 0, ...beside, text: note.text.includes('&') ? note.text : cuts[ends.indexOf(note)] } : note);
    return layout;
  }

  // Labels at line ends, pushed apart to 17 px and kept inside the frame.
  function endLabels(items, [low, high], pixels) {
    const gap = (high - low) * 17 / pixels;
    const sorted = items.filter(item => Number.isFinite(item.y)).sort((a, b) => a.y - b.y);
    const inside = y => Math.min(Math.max(y, low + gap / 2), high - gap / 2);
    sorted.forEach((item, i) => { item.y = Math.max(inside(item.y), i ? sorted[i - 1].y + gap : -Infinity); });
    let roof = high - gap / 2;
    for (const item of sorted.toReversed()) { item.y = Math.min(item.y, roof); roof = item.y - gap; }
    return sorted.map(item => ({
      name: 'end', xref: 'paper', x: 1, y: item.y, text: item.text, showarrow: false, xanchor: 'left', xshift: 6,
      font: { color: item.color, size: 13, weight: 600 },
    }));
  }

  const shown = v => cells.flatMap((cell, i) => cell.v === v && state.seeds.has(cell.seed) && ends[i] >= 0 ? [i] : []);
  const faint = () => {
    const many = drawnVariants().reduce((sum, v) => sum + shown(v).length, 0);
    return Math.max(0.05, 0.34 / Math.sqrt(Math.max(1, many)));
  };
  const smoothed = (values, size) => smooth(values, state.kind, state.p, smoothingRange() / size);
  // A view that a dashboard would have drawn replaces the reader's smoothing, never the raw lines.
  const thickOf = (x, from, to, size) => {
    const dashboard = dashboardOf(state.as);
    if (!dashboard) return { indexes: places(x, from, to, state.logx), thick: values => smoothed(values, size) };
    const kept = keptOf(x, from, to, dashboard.stretches);
    return { indexes: kept, thick: values => asDashboard(values, kept, dashboard) };
  };
  const pick = (indexes, values) => indexes.map(i => values[i]);

  function band(x, low, high, v, opacity) {
    const there = x.flatMap((_, i) => Number.isFinite(low[i]) && Number.isFinite(high[i]) ? [i] : []), around = [...there, ...there.toReversed()];
    return [{ x: around.map(i => x[i]), y: around.map((i, k) => (k < there.length ? high : low)[i]), mode: 'lines', line: { width: 0 },
      fill: 'toself', fillcolor: `${of(v)}/${opacity}`, hoverinfo: 'skip', meta: { v, what: 'band' } }];
  }

  // The name stands in the text: plotly would put a space before its own colon.
  const said = format => `%{fullData.name}: %{y:${format}} nats<extra></extra>`;
  const halo = (x, y, v) => ({ x, y, mode: 'lines', line: { color: '@page/0.85', width: 6 }, hoverinfo: 'skip', meta: { v, what: 'halo' } });

  function line(x, y, v, name, format) {
    const marks = { x: [], y: [] };
    for (let k = 1; k < 12; k++) {
      // Marks of two variants do not stand above each other.
      const i = Math.max(0, Math.floor((k - (v % 6) * 0.16) * (x.length - 1) / 12));
      marks.x.push(x[i]); marks.y.push(y[i]);
    }
    return [
      { x, y, mode: 'lines', name, line: { color: ink(v), width: v === baseline ? 3 : 2.2 }, hovertemplate: said(format), meta: { v, what: 'mean' } },
      { ...marks, mode: 'markers', hoverinfo: 'skip', meta: { v, what: 'marker' },
        marker: { symbol: variants[v].marker, size: 7, color: '@page', line: { color: ink(v), width: 2 } } },
    ];
  }

  function oneLineEach(x, indexes, lines, list, v, format) {
    return list.map((i, k) => ({
      x, y: pick(indexes, lines[k]), mode: 'lines', name: `${text[v]} · seed ${cells[i].seed}`,
      line: { color: ink(v), width: 1.4 }, hovertemplate: said(format), meta: { v, seed: cells[i].seed, what: 'smooth' },
    }));
  }

  class Extent {
    low = Infinity;
    high = -Infinity;
    add(values, from, to) {
      for (let i = from; i <= to; i++) {
        if (values[i] < this.low) this.low = values[i];
        if (values[i] > this.high) this.high = values[i];
      }
    }
    padded() {
      if (!(this.low <= this.high)) return [0, 1];
      const margin = (this.high - this.low) * 0.1 || 0.1;
      return [this.low - margin, this.high + margin];
    }
  }

  const rawTrace = (v, seeds, x, y, color) => ({
    x, y, mode: 'lines', line: { color, width: 1 }, hoverinfo: 'skip',
    name: `${text[v]} ${seeds.length === 1 ? `seed ${seeds[0]}` : 'all seeds'} raw`, meta: { v, seed: seeds.length === 1 ? seeds[0] : null, what: 'raw' },
  });

  // Of many cells the raw lines of a variant are one trace with gaps: plotly is slow with many.
  function joined(lines, v, color) {
    const many = lines.length > 1, x = [], y = [];
    for (const line of lines) { if (x.length) { x.push(line.x[line.x.length - 1]); y.push(null); } for (let i = 0; i < line.x.length; i++) { x.push(line.x[i]); y.push(line.y[i]); } }
    return many ? [rawTrace(v, lines.map(line => line.meta.seed), x, y, color)] : lines;
  }

  // What both figures share: raw lines first, then smoothing, labels and the range.
  function assemble(place, name, series, spread, format, extent) {
    const raw = [], bands = [], halos = [], above = [], labels = [], opacity = (faint() * (spread === 'range' ? 1 : 0.55)).toFixed(3);
    const zoom = zoomOn(name), pixels = Math.max(200, place.clientWidth - 150);
    const someFinished = series.some(({ list }) => list.some(k => cells[k].status === 'complete'));
    const isCrowded = series.reduce((sum, { list }) => sum + list.length, 0) > 15;
    for (const one of series) {
      const { v, list, lines, size } = one, x = along(name, v, size), [from, to] = zoom ?? [x[0], x[x.length - 1]];
      const { indexes, thick } = thickOf(x, from, to, size);
      const softened = lines.map(thick), finished = softened.filter((_, k) => cells[list[k]].status === 'complete');
      // A seed that stopped is drawn, but its end must not bend the mean of the others.
      const { mean, low, high, half } = overSeeds(finished, x.length, curves.student), hasMean = finished.length > 0;
      const at = pick(indexes, x);
      const color = `${ink(v)}/${opacity}`, rawLines = lines.map((values, k) => {
        const [xs, ys] = one.limits ? zigzag(x, one.limits[k].low, one.limits[k].high) : [x, values];
        return rawTrace(v, [cells[list[k]].seed], ...columns(xs, ys, from, to, pixels, state.logx), color);
      });
      raw.push(...isCrowded ? joined(rawLines, v, color) : rawLines);
      const bottom = spread === 'range' ? low : mean.map((value, i) => value - half[i]);
      const top = spread === 'range' ? high : mean.map((value, i) => value + half[i]);
      const drawnLines = state.per || !hasMean ? softened : [mean];
      if (state.per) above.push(...oneLineEach(at, indexes, softened, list, v, format));
      else if (hasMean) {
        if (finished.length > 1 && (state.p || spread !== 'range')) bands.push(...band(at, pick(indexes, bottom), pick(indexes, top), v, 0.26));
        // All halos lie below all lines, so that no line wipes out another.
        halos.push(halo(at, pick(indexes, mean), v));
        above.push(...line(at, pick(indexes, mean), v, text[v], format));
      }
      const [first, last] = visible(x, from, to);
      const start = Math.max(first, state.range || state.logx ? 0 : Math.floor(x.length / 16));
      // What diverged would flatten all others: it leaves the frame, and the caption counts it.
      const framed = hasMean ? (state.per ? finished : drawnLines) : someFinished ? [] : drawnLines;
      for (const values of framed) extent.add(values, start, last);
      if (!state.per && hasMean) { extent.add(bottom, start, last); extent.add(top, start, last); }
      labels.push({ y: latest(drawnLines, first, last), text: short[v], color: ink(v) });
      one.view = { x, first, last, softened };
    }
    return { raw, above: [...bands, ...halos, ...above], labels, zoom };
  }

  // Where the label of a line stands: at its last value in the frame.
  function latest(lines, first, last) {
    for (let i = last; i >= first; i--) {
      const values = lines.map(line => line[i]).filter(Number.isFinite);
      if (values.length) return values.reduce((sum, value) => sum + value, 0) / values.length;
    }
    return NaN;
  }

  function countOutside(series, [low, high]) {
    let above = 0, below = 0;
    for (const { lines, limits, view } of series) lines.forEach((values, k) => {
      const highs = limits?.[k].high ?? values, lows = limits?.[k].low ?? values;
      for (let i = view.first; i <= view.last; i++) {
        if (highs[i] > high) above++;
        if (lows[i] < low) below++;
      }
    });
    const least = series.some(({ size }) => size > 1) ? 'at least ' : '';
    const parts = [above && `${least}${above.toLocaleString('en')} above`, below && `${least}${below.toLocaleString('en')} below`].filter(Boolean);
    return parts.length ? `Raw points outside the frame: ${parts.join(', ')}.` : 'All raw points are inside the frame.';
  }

  // What stands in the page in buckets says so under the figure that draws it.
  function coarse(series, what) {
    const rough = series.filter(({ size }) => size > 1), size = Math.max(...rough.map(each => each.size));
    return rough.length ? ` ${rough.map(({ v }) => variants[v].label).join(', ')}: buckets of ${size.toLocaleString('en')} steps, ${what}; smoothing runs on their means.` : '';
  }

  function caption(series, range) {
    if (!state.seeds.size) return 'No seed is ticked.';
    if (!drawnVariants().length) return 'No variant is ticked.';
    return series.length ? countOutside(series, range) : 'No variant that is ticked has anything to draw here.';
  }

  const axisRange = (range, logarithmic) => logarithmic ? range.map(Math.log10) : range;
  const margin = labels => {
    const longest = Math.max(4, ...labels.map(label => label.text.replace(/&\w+;/g, '.').length));
    return { l: 64, r: Math.min(252, 24 + 8.7 * longest), t: 8, b: 46 };
  };

  function unfinished(series) {
    return series.flatMap(({ v, list, view }) => list.flatMap((i, k) => {
      const end = lastFinite(view.softened[k]);
      if (cells[i].status === 'complete' || end < view.first || end > view.last) return [];
      const word = cells[i].status;
      return [{
        x: [view.x[end]], y: [view.softened[k][end]], mode: 'markers+text', text: [narrow() ? '' : `seed ${cells[i].seed} ${word}`],
        textposition: 'top center', textfont: { color: ink(v), size: 12 }, cliponaxis: false, meta: { v, seed: cells[i].seed, what: word },
        marker: { symbol: 'x-thin', size: 12, line: { width: 3, color: ink(v) } },
        hovertemplate: `seed ${cells[i].seed} ${word} at step ${cells[i].at ?? end + curves.first_step}<extra>${text[v]}</extra>`,
      }];
    }));
  }

  function evaluations() {
    return state.eval ? drawnVariants().map(v => {
      const points = report.evaluations.filter(point => cells[point.cell].v === v && state.seeds.has(cells[point.cell].seed));
      const factor = X_AXES[state.x].factor(v);
      return { x: points.map(point => point.step * factor), y: points.map(point => point.loss), mode: 'markers', name: `${text[v]} validation`,
        marker: { symbol: variants[v].marker, size: 8, color: ink(v), line: { color: '@page', width: 1 } }, hovertemplate: said('.3f'), meta: { v, what: 'evaluation' } };
    }) : [];
  }

  // Smoothing is linear: the mean of smoothed curves is the smoothed mean, which needs one smoothing and
  // not one a seed. A curve with gaps forgets differently, so that such means are taken afterwards.
  const means = new Map();
  function smoothedMean(list, size) {
    const key = list.join() + '/' + size, drawn = () => list.map(i => inBuckets(i, size).mean), points = Math.ceil(length / size);
    if (!means.has(key)) {
      const lines = drawn();
      means.set(key, lines.every(line => line.every(Number.isFinite)) ? overSeeds(lines, points, curves.student).mean : null);
    }
    return means.get(key) ? smoothed(means.get(key), size) : overSeeds(drawn().map(line => smoothed(line, size)), points, curves.student).mean;
  }

  // The variants that are not picked, in a grid with more than can be told apart: one band of their means.
  function others() {
    const rest = variants.map((_, v) => v).filter(v => state.off.has(v) && slotOf(v) === null && known(state.x, v));
    const done = v => shown(v).filter(i => cells[i].status === 'complete');
    const lines = rest.map(v => {
      const list = done(v), size = widest(list);
      return { mean: smoothedMean(list, size), x: along(state.x, v, size) };
    }).filter(({ mean }) => lastFinite(mean) >= 0);
    if (!lines.length) return { traces: [], labels: [] };
    // Each has its own seconds for a step: what is compared stands at the same place of the axis.
    const longest = lines.reduce((one, other) => other.x[other.x.length - 1] > one.x[one.x.length - 1] ? other : one).x;
    const at = pick(places(longest, longest[0], longest[longest.length - 1], state.logx), longest);
    const there = lines.map(({ mean, x }) => Float64Array.from(at, place => {
      const i = Math.round((place - x[0]) / (x[1] - x[0] || 1));
      return i >= 0 && i <= lastFinite(mean) ? mean[i] : NaN;
    }));
    const { low, high, mean } = overSeeds(there, at.length, curves.student);
    return {
      traces: band(at, low, high, rest[0], 0.45),
      labels: [{ y: mean[at.length - 1], text: lines.length === 1 ? 'another variant' : `${lines.length} other variants`, color: '@muted' }],
    };
  }

  function drawCurves(place) {
    const series = drawnVariants().filter(v => known(state.x, v)).map(v => ({ v, list: shown(v)})).filter(each => each.list.length);
    for (const each of series) {
      each.size = widest(each.list);
      const drawn = each.list.map(i => inBuckets(i, each.size));
      each.lines = drawn.map(cell => cell.mean);
      if (each.size > 1) each.limits = drawn;
    }
    const extent = new Extent(), { raw, above, labels, zoom } = assemble(place, state.x, series, 'range', '.3f', extent), rest = others();
    let range = extent.padded();
    if (state.logy) range = [Math.max(extent.low * 0.97, 1e-6), extent.high * 1.03];
    const drawn = axisRange(range, state.logy), all = [...labels, ...rest.labels].map(label => ({ ...label, y: state.logy ? Math.log10(label.y) : label.y }));
    return {
      note: caption(series, range) + coarse(series, 'drawn from the lowest to the highest loss of each'),
      data: [...raw, ...rest.traces, ...above, ...evaluations(), ...unfinished(series)],
      layout: {
        margin: margin(all), hovermode: 'x unified', annotations: endLabels(all, drawn, place.clientHeight - 60),
        xaxis: { title: { text: X_AXES[state.x].title }, unifiedhovertitle: { text: X_AXES[state.x].said }, type: state.logx ? 'log' : 'linear', range: axisRange(zoom ?? full(state.x), state.logx) },
        yaxis: { title: { text: narrow() ? 'nats per token' : 'training loss (nats per token)' }, type: state.logy ? 'log' : 'linear', range: drawn },
      },
    };
  }

  function drawDifference(place) {
    const name = pairedAxis(state.x), extent = new Extent();
    extent.add([0], 0, 0);
    const series = drawnVariants().filter(v => v !== baseline).map(v => {
      const list = shown(v).filter(i => ends[cellAt.get(baseline + '/' + cells[i].seed)] >= 0);
      const others = list.map(i => cellAt.get(baseline + '/' + cells[i].seed)), size = widest([...list, ...others]);
      const lines = list.map((i, n) => { const other = inBuckets(others[n], size).mean; return Float64Array.from(inBuckets(i, size).mean, (value, k) => value - other[k]); });
      return { v, list, lines, size };
    }).filter(each => each.list.length);
    const { raw, above, labels, zoom } = assemble(place, name, series, 'student', '+.3f', extent), range = extent.padded();
    const zero = { name: 'zero', xref: 'paper', x: 0, y: 0, text: short[baseline] === 'baseline' ? 'baseline' : `${short[baseline]} (baseline)`, showarrow: false, xanchor: 'left', yanchor: 'bottom', font: { size: 12, color: '@v0' }, bgcolor: '@page/0.8' };
    return {
      note: caption(series, range) + coarse(series, 'as differences of their means') + (name === state.x ? '' : ` Drawn over steps: ${state.x === 'flops' ? 'FLOPs' : state.x} of two variants do not pair.`),
      data: [...raw, ...above],
      layout: {
        margin: margin([...labels]), hovermode: 'x unified', annotations: [zero, ...endLabels(labels, range, place.clientHeight - 60)],
        shapes: [{ type: 'line', xref: 'paper', x0: 0, x1: 1, y0: 0, y1: 0, line: { color: '@v0', width: 2.5 } }],
        xaxis: { title: { text: X_AXES[name].title }, unifiedhovertitle: { text: X_AXES[name].said }, type: state.logx ? 'log' : 'linear', range: axisRange(zoom ?? full(name), state.logx) },
        yaxis: { title: { text: narrow() ? 'nats per token' : 'difference in loss (nats per token)' }, range, tickformat: '+.2f', zeroline: false },
      },
    };
  }

  // A picture of the section that says how pictures mislead: smoothed lines alone, as dashboards draw.
  // On a phone the labels stand inside; there the lines leave them room, since their ends are the story.
  function drawPicture(picture) {
    const x = along('step', baseline), dashboard = dashboardOf(picture.as), kept = keptOf(x, picture.left, picture.right, dashboard.stretches);
    const at = pick(kept, x), drawn = picture.variants.map(id => variants.findIndex(variant => variant.id === id));
    const lines = drawn.map(v => pick(kept, asDashboard(stored[cellAt.get(v + '/' + picture.seed)].mean, kept, dashboard)));
    // Two of them stand side by side, so that less room is left for names.
    const extent = new Extent(), names = shortened(drawn.map(v => variants[v].label), 18).map(plain);
    lines.forEach(values => extent.add(values, 0, values.length - 1));
    const range = extent.padded();
    const ends = () => drawn.map((v, k) => ({ y: lines[k].at(-1), text: names[k], color: ink(v) }));
    return place => ({
      data: drawn.flatMap((v, k) => line(at, lines[k], v, text[v], '.3f')),
      layout: {
        margin: { ...margin(ends()), t: 6, l: 52 }, hovermode: 'x unified', annotations: endLabels(ends(), range, place.clientHeight - 52),
        xaxis: { title: { text: X_AXES.step.title }, unifiedhovertitle: { text: X_AXES.step.said }, range: [picture.left, picture.right + (narrow() ? 0.3 * (picture.right - picture.left) : 0)], nticks: 4 },
        yaxis: { title: { text: 'nats per token' }, range, nticks: 5 },
      },
    });
  }
  const pictures = Object.fromEntries(['good', 'bad'].flatMap(name => {
    const picture = report.mislead?.[name];
    return picture ? [['mislead-' + name, drawPicture(picture)]] : [];
  }));

  return { curves: drawCurves, difference: drawDifference, ...pictures, layoutOf, endLabels, margin, plain };
}
