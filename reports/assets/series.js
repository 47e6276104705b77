'use strict';

// Numbers of a curve, and nothing of the page: decoding, smoothing, what a picture can show.

async function unpack(id) {
  const packed = Uint8Array.from(atob(document.getElementById(id).textContent.trim()), c => c.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream('gzip'));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

// Of a large grid the data is packed too.
async function dataOf(id) {
  const place = document.getElementById(id);
  return JSON.parse(place.type === 'application/json' ? place.textContent : new TextDecoder().decode(await unpack(id)));
}

// The bytes of all numbers are stored plane by plane, since equal bytes side by side compress.
function unshuffle(planes, size) {
  const count = planes.length / size, bytes = new Uint8Array(planes.length);
  for (let plane = 0; plane < size; plane++)
    for (let i = 0; i < count; i++) bytes[i * size + plane] = planes[plane * count + i];
  return bytes.buffer;
}


// What stands in the page of each cell: every step, or buckets of `size` steps, of which the mean and
// the distances of the lowest and the highest are stored. Points are steps or buckets.
function storedCells(buffer, { buckets, quantum, missing, shape: [, steps] }) {
  const flat = Float32Array.from(new Int32Array(buffer), count => count === missing ? NaN : count * quantum);
  let at = 0;
  return buckets.map(size => {
    const many = Math.ceil(steps / size), next = () => flat.subarray(at, at += many);
    const mean = next();
    if (size === 1) return { size, mean, low: mean, high: mean };
    const below = next(), above = next();
    return { size, mean, low: mean.map((value, i) => value - below[i]), high: mean.map((value, i) => value + above[i]) };
  });
}

// The same cell in wider buckets: a mean of every step that is known, the lowest and the highest.
function widened(cell, size) {
  if (cell.size === size) return cell;
  const by = size / cell.size, many = Math.ceil(cell.mean.length / by);
  const [mean, low, high] = Array.from({ length: 3 }, () => new Float64Array(many).fill(NaN));
  for (let i = 0; i < many; i++) {
    let sum = 0, count = 0, least = Infinity, most = -Infinity;
    for (let k = i * by; k < Math.min((i + 1) * by, cell.mean.length); k++) {
      if (!Number.isFinite(cell.mean[k])) continue;
      sum += cell.mean[k]; count++;
      least = Math.min(least, cell.low[k]); most = Math.max(most, cell.high[k]);
    }
    if (count) { mean[i] = sum / count; low[i] = least; high[i] = most; }
  }
  return { size, mean, low, high };
}

// A row for every point that is in the page, in the columns of the exported curves; of a bucket its
// steps, the tokens at its end and what is known of its losses.
function curveRows(report, stored) {
  const { variants, cells, curves } = report, first = curves.first_step, hasBuckets = stored.some(each => each.size > 1);
  const heads = hasBuckets ? ['variant', 'seed', 'first_step', 'last_step', 'tokens', 'mean_loss', 'lowest', 'highest'] : ['variant', 'seed', 'step', 'tokens', 'loss'];
  const tokensAt = (v, step) => Number.isFinite(variants[v].tokens_per_step) ? Math.round(step * variants[v].tokens_per_step) : '';
  return [heads, ...cells.flatMap((cell, i) => {
    const { size, mean, low, high } = stored[i];
    return Array.from(mean.subarray(0, lastFinite(mean) + 1), (loss, k) => {
      const from = first + k * size, to = Math.min(from + size, first + curves.shape[1]) - 1;
      const tokens = tokensAt(cell.v, to);
      return [variants[cell.v].id, cell.seed, ...(hasBuckets ? [from, to, tokens, loss, low[k], high[k]] : [from, tokens, loss])];
    });
  })];
}

const lastFinite = values => { let i = values.length - 1; while (i >= 0 && !Number.isFinite(values[i])) i--; return i; };

// ---- smoothing: the two formulas of the dashboards -----------------------------------------------

const VIEWPORT = 1000;
const decay = (kind, p, range) => kind === 'wandb' ? Math.min(Math.sqrt(p), 0.999) ** (VIEWPORT / range) : p;

// wandb: a <- a w^(dx / range * 1000) + y, with w = min(sqrt p, 0.999); tensorboard: a <- a p + y.
// Both are divided by the same recurrence of ones. `range` is counted in steps.
function smooth(values, kind, p, range) {
  if (!p) return values;
  const shown = new Float64Array(values.length).fill(NaN), weight = decay(kind, p, range);
  let sum = 0, count = 0, before = -1;
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i])) continue;
    const w = kind === 'wandb' && i - before > 1 && before >= 0 ? weight ** (i - before) : weight;
    sum = sum * w + values[i];
    count = count * w + 1;
    shown[i] = sum / count;
    before = i;
  }
  return shown;
}

// ---- a dashboard's picture: of what is visible, some points, smoothed, and nothing else ---------------

// 'ema 0.9,100': the smoothing and its parameter; into how many stretches the window is cut, of
// which the last point is drawn.
function dashboardOf(text) {
  const found = /^(none|(?:ema|twema|mean) (\d+(?:\.\d+)?)),(all|[1-9]\d*)$/.exec(text ?? '');
  if (!found) return null;
  const [, smoothing, parameter, points] = found;
  return { kind: smoothing.split(' ')[0], parameter: Number(parameter ?? 0), stretches: points === 'all' ? null : Number(points) };
}

// The same in words, of one thick line.
function dashboardWords(text) {
  const { kind, parameter, stretches } = dashboardOf(text);
  const name = { none: 'no smoothing', ema: `TensorBoard smoothing ${parameter}`, twema: `W&B smoothing ${parameter}`, mean: `a running mean of ${parameter} points` }[kind];
  const points = stretches ? `the last step in each of ${stretches.toLocaleString('en')} stretches` : 'every step';
  return `drawn as a dashboard would draw this window: ${points}, ${name}, nothing from before the window`;
}

// Indexes of the points that are drawn, of those with from <= x <= to.
function keptOf(x, from, to, stretches) {
  const kept = [];
  let first = 0, last = x.length - 1;
  while (first < last && x[first] < from) first++;
  while (last > first && x[last] > to) last--;
  const stretch = i => Math.ceil((x[i] - x[first]) / (x[last] - x[first]) * stretches - 1e-9);
  for (let i = first; i <= last; i++) if (!stretches || i === last || stretch(i) !== stretch(i + 1)) kept.push(i);
  return kept;
}

function asDashboard(values, kept, { kind, parameter }) {
  const shown = new Float64Array(values.length).fill(NaN), half = Math.floor(parameter / 2);
  for (const i of kept) shown[i] = values[i];
  if (kind === 'none') return shown;
  if (kind !== 'mean') return smooth(shown, kind === 'ema' ? 'tensorboard' : 'wandb', parameter, kept[kept.length - 1] - kept[0]);
  const finite = kept.filter(i => Number.isFinite(values[i]));
  finite.forEach((i, k) => {
    const around = finite.slice(Math.max(0, k - half), k + half + 1);
    shown[i] = around.reduce((sum, each) => sum + values[each], 0) / around.length;
  });
  return shown;
}

// ---- what a picture of `pixels` columns can show ----------------------------------------------------

function visible(x, from, to) {
  let first = 0, last = x.length - 1;
  while (first < last && x[first + 1] < from) first++;
  while (last > first && x[last - 1] > to) last--;
  return [first, last];
}

// First, lowest, highest and last of every pixel column, in their order: the line looks as if all
// points were drawn. Columns are equal on the drawn axis, so also on a logarithmic one.
function columns(x, y, from, to, pixels, logarithmic) {
  const [first, last] = visible(x, from, to), xs = [], ys = [];
  if (!logarithmic && (last - first) / pixels <= 4) {
    for (let i = first; i <= last; i++) { xs.push(x[i]); ys.push(Number.isFinite(y[i]) ? y[i] : null); }
    return [xs, ys];
  }
  const place = logarithmic ? Math.log : value => value;
  const left = place(Math.max(from, x[first])), scale = pixels / (place(to) - left);
  let column = null, gap = false;
  const put = () => {
    if (!column) return;
    if (gap && ys.length) { xs.push(x[column[0]]); ys.push(null); }
    gap = false;
    let before = -1;
    for (const i of [...column].sort((a, b) => a - b)) if (i !== before) { xs.push(x[i]); ys.push(y[i]); before = i; }
    column = null;
  };
  let at = null;
  for (let i = first; i <= last; i++) {
    if (!Number.isFinite(y[i])) { put(); gap = true; continue; }
    const here = Math.floor((place(x[i]) - left) * scale);
    if (!column || here !== at) { put(); at = here; column = [i, i, i, i]; continue; }
    if (y[i] < y[column[1]]) column[1] = i;
    if (y[i] > y[column[2]]) column[2] = i;
    column[3] = i;
  }
  put();
  return [xs, ys];
}

// What columns() draws of buckets: from the lowest to the highest of each, where it stands.
function zigzag(x, low, high) {
  const xs = new Float64Array(2 * x.length), ys = new Float64Array(2 * x.length);
  for (let i = 0; i < x.length; i++) { xs[2 * i] = xs[2 * i + 1] = x[i]; ys[2 * i] = low[i]; ys[2 * i + 1] = high[i]; }
  return [xs, ys];
}

// Labels cut to `most` letters; those that would be cut to the same are told apart by their ends.
function shortened(labels, most) {
  const cut = words => words.length <= most ? words : words.slice(0, most - 1) + '…', cuts = labels.map(cut), before = Math.floor(most / 3);
  return labels.map((words, i) => cuts.filter(each => each === cuts[i]).length < 2 || words.length <= most ? cuts[i]
    : words.slice(0, before) + '…' + words.slice(before + 1 - most));
}

// Traces of variants without a colour become one trace of lines and one of points: plotly draws a few
// traces fast and many slowly. The pointer still names each point.
// plotly.py writes an array of numpy as its bytes.
const KINDS = { f8: Float64Array, f4: Float32Array, i4: Int32Array, i2: Int16Array, i1: Int8Array, u4: Uint32Array, u2: Uint16Array, u1: Uint8Array };
const listed = values => !values?.bdata ? values
  : Array.from(new KINDS[values.dtype](Uint8Array.from(atob(values.bdata), letter => letter.charCodeAt(0)).buffer));

function together(given) {
  const traces = given.map(trace => ({ ...trace, x: listed(trace.x), y: listed(trace.y) }));
  const lines = traces.filter(trace => trace.mode === 'lines' && !trace.meta.is_panel);
  const points = traces.filter(trace => trace.mode === 'markers' && !trace.meta.is_panel && trace.marker.symbol !== 'line-ns');
  const rest = traces.filter(trace => !lines.includes(trace) && !points.includes(trace));
  const all = (list, part) => list.flatMap(trace => Array.from(trace.y, (_, i) => part(trace, i)));
  const bars = side => ({ ...points[0][side], visible: true, type: 'data', symmetric: false, ...Object.fromEntries(
    ['array', 'arrayminus'].map(name => [name, all(points, (trace, i) => trace[side]?.[name]?.[i] ?? 0)])) });
  const joined = [...rest];
  if (lines.length) joined.push({ ...lines[0],
    x: lines.flatMap(trace => [...trace.x, trace.x[trace.x.length - 1]]), y: lines.flatMap(trace => [...trace.y, null]) });
  if (points.length) joined.push({ ...points[0],
    x: all(points, (trace, i) => trace.x[i]), y: all(points, (trace, i) => trace.y[i]), text: all(points, (trace, i) => trace.text?.[i] ?? ''),
    marker: { ...points[0].marker, symbol: all(points, trace => trace.marker.symbol) },
    hovertemplate: all(points, trace => trace.hovertemplate.replace('%{fullData.name}', trace.name)),
    ...Object.fromEntries(['error_x', 'error_y'].filter(side => points.some(trace => trace[side]?.array)).map(side => [side, { ...points.find(trace => trace[side]?.array)[side], ...bars(side) }])),
  });
  return joined;
}

// Smoothed lines are slow: 800 places of the visible range are enough.
function places(x, from, to, logarithmic) {
  const [first, last] = visible(x, from, to), chosen = [], many = 800;
  if (logarithmic) {
    const ratio = (x[last] / x[first]) ** (1 / many);
    for (let i = first, next = x[first]; i <= last; i++) if (x[i] >= next) { chosen.push(i); next = x[i] * ratio; }
  } else for (let i = first, by = Math.max(1, Math.floor((last - first) / many)); i <= last; i += by) chosen.push(i);
  if (chosen[chosen.length - 1] !== last) chosen.push(last);
  return chosen;
}

function overSeeds(lines, length, student) {
  const mean = new Float64Array(length), low = new Float64Array(length), high = new Float64Array(length);
  const half = new Float64Array(length);
  for (let i = 0; i < length; i++) {
    let sum = 0, squares = 0, count = 0, least = Infinity, most = -Infinity;
    for (const line of lines) {
      const value = line[i];
      if (!Number.isFinite(value)) continue;
      sum += value; squares += value * value; count++;
      if (value < least) least = value;
      if (value > most) most = value;
    }
    mean[i] = count ? sum / count : NaN;
    low[i] = count ? least : NaN;
    high[i] = count ? most : NaN;
    const variance = Math.max(0, (squares - count * mean[i] * mean[i]) / (count - 1));
    half[i] = count > 1 ? student[count] * Math.sqrt(variance / count) : NaN;
  }
  return { mean, low, high, half };
}
