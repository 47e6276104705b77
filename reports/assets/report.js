// Draws the figures. Verdict, tables and interval marks stand in the page without this script.
// No statistics here: what a reader's smoothing changes is computed, everything else comes as data.
(async () => {
  const root = document.documentElement;
  const find = (selector, within = document) => within.querySelector(selector);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const report = JSON.parse(find('#report-data').textContent);
  const { variants, cells, curves, style } = report;

  // ---- data ---------------------------------------------------------------------------------

  const [cellCount, length] = curves.shape;
  const flat = cellCount * length
    ? new Float32Array(unshuffle(await unpack(curves.element), curves.shuffle)) : new Float32Array(0);
  const losses = cells.map((_, i) => flat.subarray(i * length, (i + 1) * length));
  const ends = losses.map(lastFinite);
  const baseline = report.baseline;
  const cellAt = new Map(cells.map((cell, i) => [cell.v + '/' + cell.seed, i]));
  const steps = Float64Array.from({ length }, (_, i) => i + curves.first_step);

  // ---- x axes: all are steps times a constant of the variant ------------------------------------

  const X_AXES = {
    step: { title: 'training step', factor: () => 1 },
    tokens: { title: 'tokens seen (millions)', factor: v => (variants[v].tokens_per_step ?? NaN) / 1e6 },
    seconds: { title: 'seconds of training', factor: v => variants[v].seconds_per_step ?? NaN },
    flops: { title: 'FLOPs of training (10¹²)', factor: v => (variants[v].flops_per_step ?? NaN) / 1e12 },
  };
  const known = (name, v) => Number.isFinite(X_AXES[name].factor(v));
  const along = (name, v) => { const factor = X_AXES[name].factor(v); return steps.map(step => step * factor); };
  // Differences are paired step by step; seconds and FLOPs of two variants do not pair.
  const pairedAxis = name => name === 'tokens' && known('tokens', baseline) ? 'tokens' : 'step';

  // ---- state: what the reader chose; it is in the address, so that a view can be quoted -----------------

  const allSeeds = [...new Set(cells.map(cell => cell.seed))];
  const fresh = () => ({
    p: 0.9, kind: 'wandb', x: 'step', logx: false, logy: false, per: false, follow: false, eval: false,
    range: null, seeds: new Set(allSeeds), off: new Set(variants.flatMap((v, i) => v.is_shown ? [] : [i])),
  });
  const state = fresh();
  const SWITCHES = ['logx', 'logy', 'per', 'follow', 'eval'];

  function toFragment() {
    const plain = fresh(), query = new URLSearchParams();
    for (const key of ['p', 'kind', 'x']) if (state[key] !== plain[key]) query.set(key, state[key]);
    for (const key of SWITCHES) if (state[key]) query.set(key, '1');
    if (state.range) query.set('range', state.range.map(value => +value.toPrecision(6)).join(','));
    if (state.seeds.size !== allSeeds.length) query.set('seeds', [...state.seeds].join(','));
    variants.forEach((variant, v) => {
      if (state.off.has(v) !== plain.off.has(v)) query.append(state.off.has(v) ? 'off' : 'on', variant.id);
    });
    return query.size === 0 ? '' : '#curves?' + query;
  }

  function fromFragment() {
    const [anchor, text] = location.hash.split('?');
    if (anchor !== '#curves' || !text) return false;
    const query = new URLSearchParams(text), range = (query.get('range') ?? '').split(',').map(Number);
    Object.assign(state, fresh());
    const p = Number(query.get('p') ?? state.p);
    if (p >= 0 && p <= 0.999) state.p = p;
    if (['wandb', 'tensorboard'].includes(query.get('kind'))) state.kind = query.get('kind');
    if (query.get('x') in X_AXES && known(query.get('x'), baseline)) state.x = query.get('x');
    for (const key of SWITCHES) state[key] = query.get(key) === '1';
    if (range.length === 2 && range[0] < range[1]) state.range = range;
    if (query.has('seeds')) state.seeds = new Set(query.get('seeds').split(',').map(Number).filter(s => allSeeds.includes(s)));
    variants.forEach((variant, v) => {
      if (query.getAll('off').includes(variant.id)) state.off.add(v);
      if (query.getAll('on').includes(variant.id)) state.off.delete(v);
    });
    return true;
  }

  // ---- colours ---------------------------------------------------------------------------------------------

  const probe = document.body.appendChild(document.createElement('span'));
  probe.hidden = true;
  let palette = new Map();
  function token(name) {
    if (!palette.has(name)) { probe.style.color = `var(--${name})`; palette.set(name, getComputedStyle(probe).color); }
    return palette.get(name);
  }
  // '@v2/0.2' is the variable --v2 of the theme at a fifth of its strength.
  function colour(text) {
    const [name, opacity] = text.slice(1).split('/');
    return opacity ? token(name).replace('rgb(', 'rgba(').replace(')', `, ${opacity})`) : token(name);
  }
  const of = v => variants[v].slot === null ? '@ghost' : '@v' + variants[v].slot;
  const ink = v => variants[v].slot === null ? '@muted' : '@v' + variants[v].slot;
  function themed(value, key = '') {
    if (typeof value === 'string') return /color$/.test(key) && value[0] === '@' ? colour(value) : value;
    if (Array.isArray(value)) return value.length && typeof value[0] === 'number' ? value : value.map(each => themed(each, key));
    if (!value || typeof value !== 'object' || ArrayBuffer.isView(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, themed(each, name)]));
  }

  // ---- figures -----------------------------------------------------------------------------------------------

  // Plotly reads a few tags in its texts: words are shown, never obeyed.
  const plain = words => words.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  const cut = words => words.length <= 26 ? words : words.slice(0, 25) + '…';
  const text = variants.map(variant => plain(variant.label)), short = variants.map(variant => plain(cut(variant.label)));
  const narrow = () => innerWidth < 640;
  const merge = (under, over) => {
    const merged = { ...under };
    for (const [key, value] of Object.entries(over))
      merged[key] = value && typeof value === 'object' && !Array.isArray(value) && under[key] ? merge(under[key], value) : value;
    return merged;
  };

  function layoutOf(given) {
    const layout = merge(style.layout, given);
    for (const key of Object.keys(layout)) if (/^[xy]axis\d*$/.test(key)) layout[key] = merge(style.axis, layout[key]);
    if (!narrow()) return layout;
    layout.margin = { ...layout.margin, l: Math.min(layout.margin.l, 48), r: 12 };
    // No room beside the figure: the labels stand inside, at its right edge.
    layout.annotations = (layout.annotations ?? []).map(note => note.name === 'end'
      ? { ...note, xanchor: 'right', xshift: 0, yshift: 10, bgcolor: '@page/0.8' } : note);
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
  const drawnVariants = () => variants.map((_, v) => v).filter(v => !state.off.has(v));
  const faint = () => {
    const many = drawnVariants().reduce((sum, v) => sum + shown(v).length, 0);
    return Math.max(0.05, 0.34 / Math.sqrt(Math.max(1, many)));
  };
  const farthest = name => Math.max(...drawnVariants().concat(baseline).filter(v => known(name, v)).map(v => length * X_AXES[name].factor(v)));
  const full = name => {
    const smallest = curves.first_step * X_AXES[name].factor(baseline);
    return state.logx ? [smallest, farthest(name)] : [0, farthest(name)];
  };
  // The reader's zoom is in the units of the chosen axis; the difference may have another one.
  const zoomOn = name => {
    if (!state.range || name === state.x) return state.range;
    const ratio = X_AXES[name].factor(baseline) / X_AXES[state.x].factor(baseline);
    return state.range.map(value => value * ratio);
  };
  const smoothingRange = () => {
    if (!state.follow || !state.range) return Math.max(1, length - 1);
    const factor = X_AXES[state.x].factor(baseline);
    return Math.max(2, (state.range[1] - state.range[0]) / factor);
  };
  const smoothed = values => smooth(values, state.kind, state.p, smoothingRange());
  const pick = (indexes, values) => indexes.map(i => values[i]);

  function band(x, low, high, v, opacity) {
    const edge = { x, mode: 'lines', line: { width: 0 }, hoverinfo: 'skip', meta: { v, what: 'band' } };
    return [{ ...edge, y: high }, { ...edge, y: low, fill: 'tonexty', fillcolor: `${of(v)}/${opacity}` }];
  }

  function line(x, y, v, name, format) {
    const marks = { x: [], y: [] };
    for (let k = 1; k < 12; k++) {
      // Marks of two variants do not stand above each other.
      const i = Math.max(0, Math.floor((k - (v % 6) * 0.16) * (x.length - 1) / 12));
      marks.x.push(x[i]); marks.y.push(y[i]);
    }
    return [
      { x, y, mode: 'lines', line: { color: '@page/0.85', width: 6 }, hoverinfo: 'skip', meta: { v, what: 'halo' } },
      { x, y, mode: 'lines', name, line: { color: ink(v), width: v === baseline ? 3 : 2.2 }, hovertemplate: `%{y:${format}}`, meta: { v, what: 'mean' } },
      { ...marks, mode: 'markers', hoverinfo: 'skip', meta: { v, what: 'marker' },
        marker: { symbol: variants[v].marker, size: 7, color: '@page', line: { color: ink(v), width: 2 } } },
    ];
  }

  function oneLineEach(x, indexes, lines, list, v, format) {
    return list.map((i, k) => ({
      x, y: pick(indexes, lines[k]), mode: 'lines', name: `${text[v]} · seed ${cells[i].seed}`,
      line: { color: ink(v), width: 1.4 }, hovertemplate: `%{y:${format}}`, meta: { v, seed: cells[i].seed, what: 'smooth' },
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

  // What both figures share: raw lines first, then smoothing, labels and the range.
  function assemble(place, name, series, spread, format, extent) {
    const raw = [], bands = [], above = [], labels = [], opacity = (faint() * (spread === 'range' ? 1 : 0.55)).toFixed(3);
    const zoom = zoomOn(name), pixels = Math.max(200, place.clientWidth - 150);
    for (const one of series) {
      const { v, list, lines } = one, x = along(name, v), [from, to] = zoom ?? [x[0], x[length - 1]];
      const softened = lines.map(smoothed), finished = softened.filter((_, k) => cells[list[k]].status === 'complete');
      // A seed that stopped is drawn, but its end must not bend the mean of the others.
      const { mean, low, high, half } = overSeeds(finished, length, curves.student), hasMean = finished.length > 0;
      const indexes = places(x, from, to, state.logx), at = pick(indexes, x);
      lines.forEach((values, k) => {
        const [xs, ys] = columns(x, values, from, to, pixels, state.logx);
        raw.push({ x: xs, y: ys, mode: 'lines', line: { color: `${ink(v)}/${opacity}`, width: 1 }, hoverinfo: 'skip',
          name: `${text[v]} seed ${cells[list[k]].seed} raw`, meta: { v, seed: cells[list[k]].seed, what: 'raw' } });
      });
      const bottom = spread === 'range' ? low : mean.map((value, i) => value - half[i]);
      const top = spread === 'range' ? high : mean.map((value, i) => value + half[i]);
      const drawnLines = state.per || !hasMean ? softened : [mean];
      if (state.per) above.push(...oneLineEach(at, indexes, softened, list, v, format));
      else if (hasMean) {
        if (finished.length > 1 && (state.p || spread !== 'range')) bands.push(...band(at, pick(indexes, bottom), pick(indexes, top), v, 0.26));
        above.push(...line(at, pick(indexes, mean), v, text[v], format));
      }
      const [first, last] = visible(x, from, to);
      const start = Math.max(first, state.range || state.logx ? 0 : Math.floor(length / 16));
      for (const values of drawnLines) extent.add(values, start, last);
      if (!state.per && hasMean) { extent.add(bottom, start, last); extent.add(top, start, last); }
      labels.push({ y: latest(drawnLines, first, last), text: short[v], color: ink(v) });
      one.view = { x, first, last, softened };
    }
    return { raw, above: [...bands, ...above], labels, zoom };
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
    for (const { lines, view } of series) for (const values of lines) for (let i = view.first; i <= view.last; i++) {
      if (values[i] > high) above++;
      if (values[i] < low) below++;
    }
    const parts = [above && `${above.toLocaleString('en')} above`, below && `${below.toLocaleString('en')} below`].filter(Boolean);
    return parts.length ? `Raw points outside the frame: ${parts.join(', ')}.` : 'All raw points are inside the frame.';
  }

  const axisRange = (range, logarithmic) => logarithmic ? range.map(Math.log10) : range;
  const margin = labels => {
    const longest = Math.max(4, ...labels.map(label => label.text.replace(/&\w+;/g, '.').length));
    return { l: 64, r: Math.min(220, 20 + 7.6 * longest), t: 8, b: 46 };
  };

  function unfinished(series) {
    return series.flatMap(({ v, list, view }) => list.flatMap((i, k) => {
      if (cells[i].status === 'complete' || ends[i] < view.first || ends[i] > view.last) return [];
      const word = cells[i].status;
      return [{
        x: [view.x[ends[i]]], y: [view.softened[k][ends[i]]], mode: 'markers+text', text: [narrow() ? '' : `seed ${cells[i].seed} ${word}`],
        textposition: 'top center', textfont: { color: ink(v), size: 12 }, cliponaxis: false, meta: { v, seed: cells[i].seed, what: word },
        marker: { symbol: 'x-thin', size: 12, line: { width: 3, color: ink(v) } },
        hovertemplate: `seed ${cells[i].seed} ${word} at step ${cells[i].at ?? ends[i] + curves.first_step}<extra>${text[v]}</extra>`,
      }];
    }));
  }

  function evaluations() {
    return state.eval ? drawnVariants().map(v => {
      const points = report.evaluations.filter(point => cells[point.cell].v === v && state.seeds.has(cells[point.cell].seed));
      const factor = X_AXES[state.x].factor(v);
      return { x: points.map(point => point.step * factor), y: points.map(point => point.loss), mode: 'markers', name: `${text[v]} validation`,
        marker: { symbol: variants[v].marker, size: 8, color: ink(v), line: { color: '@page', width: 1 } }, hovertemplate: '%{y:.3f}', meta: { v, what: 'evaluation' } };
    }) : [];
  }

  // The variants that are not picked, in a grid with more than can be told apart: one band of their means.
  function others() {
    const rest = variants.map((_, v) => v).filter(v => state.off.has(v) && variants[v].slot === null && known(state.x, v));
    const means = rest.map(v => overSeeds(shown(v).filter(i => cells[i].status === 'complete').map(i => smoothed(losses[i])), length, curves.student).mean);
    if (!rest.length) return { traces: [], labels: [] };
    const x = along(state.x, rest[0]), { low, high, mean } = overSeeds(means, length, curves.student), indexes = places(x, x[0], x[length - 1], state.logx);
    return {
      traces: band(pick(indexes, x), pick(indexes, low), pick(indexes, high), rest[0], 0.45),
      labels: [{ y: mean[length - 1], text: `${rest.length} other variants`, color: '@muted' }],
    };
  }

  function drawCurves(place) {
    const series = drawnVariants().filter(v => known(state.x, v)).map(v => ({ v, list: shown(v)})).filter(each => each.list.length);
    for (const each of series) each.lines = each.list.map(i => losses[i]);
    const extent = new Extent(), { raw, above, labels, zoom } = assemble(place, state.x, series, 'range', '.3f', extent), rest = others();
    let range = extent.padded();
    if (state.logy) range = [Math.max(extent.low * 0.97, 1e-6), extent.high * 1.03];
    const drawn = axisRange(range, state.logy), all = [...labels, ...rest.labels].map(label => ({ ...label, y: state.logy ? Math.log10(label.y) : label.y }));
    note('curves', countOutside(series, range));
    return {
      data: [...raw, ...rest.traces, ...above, ...evaluations(), ...unfinished(series)],
      layout: {
        margin: margin(all), hovermode: 'x unified', annotations: endLabels(all, drawn, place.clientHeight - 60),
        xaxis: { title: { text: X_AXES[state.x].title }, type: state.logx ? 'log' : 'linear', range: axisRange(zoom ?? full(state.x), state.logx) },
        yaxis: { title: { text: narrow() ? 'nats per token' : 'training loss (nats per token)' }, type: state.logy ? 'log' : 'linear', range: drawn },
      },
    };
  }

  function drawDifference(place) {
    const name = pairedAxis(state.x), extent = new Extent();
    extent.add([0], 0, 0);
    const series = drawnVariants().filter(v => v !== baseline).map(v => {
      const list = shown(v).filter(i => ends[cellAt.get(baseline + '/' + cells[i].seed)] >= 0);
      const lines = list.map(i => { const other = losses[cellAt.get(baseline + '/' + cells[i].seed)]; return Float64Array.from(losses[i], (value, k) => value - other[k]); });
      return { v, list, lines };
    }).filter(each => each.list.length);
    const { raw, above, labels, zoom } = assemble(place, name, series, 'student', '+.3f', extent), range = extent.padded();
    note('difference', countOutside(series, range) + (name === state.x ? '' : ` Drawn over steps: ${state.x === 'flops' ? 'FLOPs' : state.x} of two variants do not pair.`));
    const zero = { name: 'zero', xref: 'paper', x: 0, y: 0, text: `${short[baseline]} (baseline)`, showarrow: false, xanchor: 'left', yanchor: 'bottom', font: { size: 12, color: '@v0' }, bgcolor: '@page/0.8' };
    return {
      data: [...raw, ...above],
      layout: {
        margin: margin([...labels]), hovermode: 'x unified', annotations: [zero, ...endLabels(labels, range, place.clientHeight - 60)],
        shapes: [{ type: 'line', xref: 'paper', x0: 0, x1: 1, y0: 0, y1: 0, line: { color: '@v0', width: 2.5 } }],
        xaxis: { title: { text: X_AXES[name].title }, type: state.logx ? 'log' : 'linear', range: axisRange(zoom ?? full(name), state.logx) },
        yaxis: { title: { text: narrow() ? 'nats per token' : 'difference in loss (nats per token)' }, range, tickformat: '+.2f', zeroline: false },
      },
    };
  }

  const figures = { curves: drawCurves, difference: drawDifference };
  for (const [id, figure] of Object.entries(report.figures)) figures[id] = () => ({ data: figure.data, layout: figure.layout });
  const note = (id, text) => { const place = find(`#note-${id}`); if (place) place.textContent = text; };

  // ---- drawing: what is near the screen ------------------------------------------------------------------------

  const CONFIG = {
    displaylogo: false, showSendToCloud: false, plotlyServerURL: '', responsive: true, displayModeBar: 'hover', scrollZoom: false,
    doubleClick: 'reset', modeBarButtonsToRemove: ['select2d', 'lasso2d', 'autoScale2d'], toImageButtonOptions: { format: 'svg' },
  };
  const drawn = new Set();
  const linked = ['curves', 'difference'];

  async function draw(id) {
    const place = find('#figure-' + id);
    if (!place || !window.Plotly) return;
    const { data, layout } = figures[id](place);
    drawn.add(id);
    await window.Plotly.react(place, themed(data), themed(layoutOf(layout)), CONFIG);
    all('.modebar-btn', place).forEach(button => button.setAttribute('tabindex', '-1'));
    if (linked.includes(id) && !place.dataset.ready) place.on('plotly_relayout', event => zoomed(id, event));
    place.dataset.ready = '1';
  }

  // The slider: only what smoothing changes is drawn again.
  async function redrawSmoothed(id) {
    const place = find('#figure-' + id);
    if (!drawn.has(id)) return;
    const { data, layout } = figures[id](place);
    if (data.length !== place.data.length) { await draw(id); return; }
    const changed = data.flatMap((trace, i) => trace.meta?.what === 'raw' ? [] : [i]);
    const { yaxis, annotations } = themed(layoutOf(layout));
    await window.Plotly.update(place, { x: changed.map(i => data[i].x), y: changed.map(i => data[i].y) }, { 'yaxis.range': yaxis.range, annotations }, changed);
  }

  function zoomed(id, event) {
    const drawnAxis = id === 'curves' ? state.x : pairedAxis(state.x);
    const ratio = X_AXES[state.x].factor(baseline) / X_AXES[drawnAxis].factor(baseline);
    const value = text => (state.logx ? 10 ** text : Number(text)) * ratio;
    if ('xaxis.range[0]' in event) state.range = [value(event['xaxis.range[0]']), value(event['xaxis.range[1]'])];
    else if (event['xaxis.autorange'] || 'xaxis.range' in event) state.range = null;
    else return;
    again();
  }

  const redraw = () => Promise.all([...drawn].map(draw));
  const drawAll = () => Promise.all(Object.keys(figures).map(draw));
  const again = () => { keep(); return Promise.all(linked.filter(id => drawn.has(id)).map(draw)); };

  // ---- controls --------------------------------------------------------------------------------------------------

  const slider = find('#smoothing');
  const toWeight = at => at < 0.01 ? 0 : Math.min(0.999, Math.round((1 - (1 - at) ** 2) * 1000) / 1000);
  const toPlace = p => 1 - Math.sqrt(1 - p);
  let speaking = 0;

  function say() {
    const range = smoothingRange(), memory = Math.round(1 / (1 - decay(state.kind, state.p, range)));
    const share = Math.round(100 * memory / length);
    const sentence = state.p
      ? `Each point of the thick line remembers about ${memory.toLocaleString('en')} steps (${share < 1 ? '< 1' : share} % of the run) and lags behind by as many.`
      : 'No smoothing: the thick line is the mean over seeds of the raw loss.';
    clearTimeout(speaking);
    speaking = setTimeout(() => { find('#memory').textContent = sentence; }, 150);
  }

  function keep() {
    say();
    find('#smoothing-value').textContent = String(state.p);
    slider.value = toPlace(state.p);
    slider.setAttribute('aria-valuetext', String(state.p));
    find('#reset').hidden = !toFragment();
    find('#kind').value = state.kind;
    find('#x-axis').value = state.x;
    for (const key of SWITCHES) find('#' + key).checked = state[key];
    all('[data-variant]').forEach(box => { box.checked = !state.off.has(Number(box.dataset.variant)); });
    all('[data-seed]').forEach(box => { box.checked = state.seeds.has(Number(box.dataset.seed)); });
    // Some browsers refuse to change the address of a file.
    try { history.replaceState(null, '', toFragment() || location.pathname + location.search); } catch { /* the view cannot be quoted */ }
  }

  const toggle = (set, item, on) => { if (on) set.add(item); else set.delete(item); };

  function bindControls() {
    let frame = 0;
    slider.addEventListener('input', () => {
      state.p = toWeight(Number(slider.value));
      cancelAnimationFrame(frame);
      frame = requestAnimationFrame(() => { keep(); linked.forEach(redrawSmoothed); });
    });
    all('[data-smoothing]').forEach(button => button.addEventListener('click', () => { state.p = Number(button.dataset.smoothing); again(); }));
    find('#kind').addEventListener('change', event => { state.kind = event.target.value; again(); });
    find('#x-axis').addEventListener('change', event => { state.x = event.target.value; state.range = null; again(); });
    for (const key of SWITCHES) find('#' + key).addEventListener('change', event => { state[key] = event.target.checked; again(); });
    all('[data-variant]').forEach(box => box.addEventListener('change', () => { toggle(state.off, Number(box.dataset.variant), !box.checked); again(); }));
    all('[data-seed]').forEach(box => box.addEventListener('change', () => { toggle(state.seeds, Number(box.dataset.seed), box.checked); again(); }));
    find('#reset').addEventListener('click', () => { Object.assign(state, fresh()); again(); });
    for (const id of linked) find('#figure-' + id)?.addEventListener('keydown', zoomByKey);
    addEventListener('hashchange', () => { if (fromFragment()) again(); });
  }

  // On a focused figure: + and - zoom, the arrows move, 0 shows the whole run.
  function zoomByKey(event) {
    const whole = full(state.x), range = state.range ?? whole;
    const place = state.logx ? Math.log10 : value => value, back = state.logx ? value => 10 ** value : value => value;
    const [left, right] = range.map(place), [least, most] = whole.map(place), width = right - left, middle = (left + right) / 2;
    const moves = {
      '+': [middle - width / 3, middle + width / 3], '=': [middle - width / 3, middle + width / 3],
      '-': [middle - width * 0.75, middle + width * 0.75],
      ArrowLeft: [left - width / 5, right - width / 5], ArrowRight: [left + width / 5, right + width / 5], 0: [least, most],
    };
    if (!(event.key in moves) || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    let [from, to] = moves[event.key];
    if (from < least) [from, to] = [least, Math.min(most, to + (event.key.startsWith('Arrow') ? least - from : 0))];
    if (to > most) [from, to] = [Math.max(least, from - (event.key.startsWith('Arrow') ? to - most : 0)), most];
    state.range = from <= least && to >= most ? null : [back(from), back(to)];
    again();
  }

  function bindTheme() {
    const themes = ['auto', 'light', 'dark'], button = find('#theme');
    button.addEventListener('click', () => {
      const next = themes[(themes.indexOf(root.dataset.theme ?? 'auto') + 1) % 3];
      if (next === 'auto') delete root.dataset.theme; else root.dataset.theme = next;
      button.textContent = 'Theme: ' + next;
      palette = new Map();
      redraw();
    });
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => { palette = new Map(); redraw(); });
  }

  // ---- copy and download -------------------------------------------------------------------------------------------

  async function copy(button) {
    const source = find('pre', button.parentElement);
    try { await navigator.clipboard.writeText(source.textContent); button.textContent = 'Copied'; } catch {
      getSelection().selectAllChildren(source);
      button.textContent = 'Selected: press Ctrl+C';
    }
    setTimeout(() => { button.textContent = 'Copy'; }, 1800);
  }

  const quoted = text => /[",\n]/.test(String(text)) ? `"${String(text).replaceAll('"', '""')}"` : text;
  function download(name, rows) {
    const link = document.createElement('a');
    link.href = URL.createObjectURL(new Blob([rows.map(row => row.map(quoted).join(',')).join('\n') + '\n'], { type: 'text/csv' }));
    link.download = `${report.grid}-${name}.csv`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 5000);
  }
  const cellRows = () => [['variant', 'seed', 'status', 'stopped_at_step', 'validation_loss'],
    ...cells.map(cell => [variants[cell.v].id, cell.seed, cell.status, cell.at ?? '', cell.val ?? ''])];
  const curveRows = () => [['variant', 'seed', 'step', 'training_loss'],
    ...cells.flatMap((cell, i) => Array.from(losses[i].subarray(0, ends[i] + 1), (loss, k) => [variants[cell.v].id, cell.seed, k + curves.first_step, loss]))];

  // ---- start ----------------------------------------------------------------------------------------------------------

  function followScrolling() {
    const links = new Map(all('nav a').map(link => [link.hash.slice(1), link]));
    const watch = new IntersectionObserver(entries => entries.filter(entry => entry.isIntersecting).forEach(entry => {
      links.forEach(link => link.removeAttribute('aria-current'));
      links.get(entry.target.id)?.setAttribute('aria-current', 'true');
    }), { rootMargin: '-10% 0px -80% 0px' });
    all('main section[id]').forEach(section => watch.observe(section));
  }

  function drawWhenNear() {
    const near = new IntersectionObserver(entries => entries.filter(entry => entry.isIntersecting).forEach(entry => {
      near.unobserve(entry.target);
      draw(entry.target.id.slice('figure-'.length));
    }), { rootMargin: '700px 0px' });
    all('.plot').forEach(place => near.observe(place));
  }

  function redrawAtNewWidth() {
    let width = innerWidth, wait = 0;
    addEventListener('resize', () => {
      if (innerWidth === width) return;
      width = innerWidth;
      clearTimeout(wait);
      wait = setTimeout(redraw, 150);
    });
  }

  function bindPrint() {
    let closed = [];
    addEventListener('beforeprint', () => {
      closed = all('details:not([open])');
      closed.forEach(each => { each.open = true; });
      root.dataset.printed = root.dataset.theme ?? 'auto';
      root.dataset.theme = 'light';
      palette = new Map();
      drawAll();
    });
    addEventListener('afterprint', () => {
      closed.forEach(each => { each.open = false; });
      if (root.dataset.printed === 'auto') delete root.dataset.theme; else root.dataset.theme = root.dataset.printed;
      palette = new Map();
      redraw();
    });
  }

  // The policy of the page allows exactly this text, by its digest.
  const library = document.createElement('script');
  library.textContent = new TextDecoder().decode(await unpack('data-plotly'));
  document.head.append(library);
  bindTheme();
  bindPrint();
  followScrolling();
  all('[data-copy]').forEach(button => button.addEventListener('click', () => copy(button)));
  find('#csv-cells').addEventListener('click', () => download('cells', cellRows()));
  find('#csv-curves').addEventListener('click', () => download('curves', curveRows()));
  if (slider) {
    const asked = fromFragment();
    bindControls();
    if (asked) { keep(); find('#curves').scrollIntoView(); } else say();
  }
  drawWhenNear();
  redrawAtNewWidth();
  window.report = { state, smooth, columns, losses, drawAll, figures: Object.keys(figures), data: report };
  root.dataset.ready = '1';
})().catch(error => {
  document.documentElement.dataset.ready = 'failed';
  for (const place of document.querySelectorAll('.plot')) place.textContent = 'This browser could not draw the figure: ' + error.message;
});
