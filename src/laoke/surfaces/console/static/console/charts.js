/* Curves. The numbers and words stand beside the page as data (<script type="application/json">), the colours come from
   the tokens, so a curve follows the theme; the table behind each is part of the page. */
(function () {
  "use strict";
  // ECharts writes fonts of SVG texts as style attributes, which the page's policy refuses. Set as properties the same
  // rules are allowed.
  const setAttribute = SVGElement.prototype.setAttribute;
  SVGElement.prototype.setAttribute = function (name, value) {
    if (name === "style") this.style.cssText = value;
    else setAttribute.call(this, name, value);
  };

  const drawn = [];
  const token = (styles, name) => styles.getPropertyValue(name).trim();

  function tokens() {
    const styles = getComputedStyle(document.documentElement);
    const of = (name) => token(styles, name);
    return {
      ink: of("--ink"), ink2: of("--ink-2"), ink3: of("--ink-3"), line: of("--line"), line2: of("--line-2"),
      surface: of("--surface"), brand: of("--brand"), band: of("--seq-1"), num: of("--num"), font: of("--font"),
    };
  }

  // Big numbers as the page writes them: 万 and 亿 in Chinese, K and M in English.
  function short(value, chinese) {
    const sizes = chinese ? [[1e8, " 亿"], [1e4, " 万"]] : [[1e9, "B"], [1e6, "M"], [1e3, "K"]];
    for (const [size, word] of sizes) {
      if (Math.abs(value) >= Math.max(size, 10000)) {
        const scaled = value / size;
        return scaled.toFixed(Math.abs(scaled) < 10 && scaled % 1 ? 1 : 0) + word;
      }
    }
    return Math.round(value).toLocaleString("en");
  }

  function written(told, value) {
    if (told.unit === "share") return value.toFixed(1) + "%";
    return told.sign + short(value, told.language === "zh");
  }

  const day = (text) => Date.parse(text + "T00:00:00Z");

  function planned(plan, at) {
    const from = day(plan.start[0]), to = day(plan.end[0]);
    return plan.start[1] + (plan.end[1] - plan.start[1]) * Math.min(1, Math.max(0, (at - from) / (to - from)));
  }

  function bounds(told, first, last) {
    const values = told.points.map((point) => point[1]);
    if (told.plan) {
      for (const at of [Math.max(first, day(told.plan.start[0])), Math.min(last, day(told.plan.end[0]))]) {
        const value = planned(told.plan, at);
        values.push(value * (1 - told.plan.tolerance), value * (1 + told.plan.tolerance));
      }
    }
    const low = Math.min(...values), high = Math.max(...values);
    const room = Math.max(high - low, Math.abs(high) * 0.02, 1);
    // Four steps of a round size; the axis need not begin at nothing, and says its numbers.
    const rough = room * 1.2 / 3;
    const ten = Math.pow(10, Math.floor(Math.log10(rough)));
    const step = [1, 2, 2.5, 5, 10].map((each) => each * ten).find((each) => each >= rough);
    let from = Math.floor((low - room * 0.08) / step) * step;
    if (from < 0) from = 0;
    let to = Math.ceil((high + room * 0.04) / step) * step;
    if (told.unit === "share") to = Math.min(to, Math.max(100, high));
    return { min: from, max: to, interval: step };
  }

  function option(told, t, width) {
    const chinese = told.language === "zh", wide = width > 520;
    const points = told.points.map(([on, value]) => [day(on), value]);
    const first = Math.min(points[0][0], told.plan ? day(told.plan.start[0]) : Infinity);
    const start = Math.max(first, day(told.first_day));
    const end = told.plan ? Math.max(points[points.length - 1][0], Math.min(day(told.plan.end[0]), day(told.last_day))) : points[points.length - 1][0];
    const long = end - start > 70 * 864e5;
    const month = new Intl.DateTimeFormat(chinese ? "zh-CN" : "en", { month: "short", timeZone: "UTC" });
    const label = (at) => long ? month.format(at) : new Date(at).toISOString().slice(5, 10);
    const series = [];
    if (told.plan) {
      const from = Math.max(start, day(told.plan.start[0])), to = Math.min(end, day(told.plan.end[0]));
      if (to > from) {
        const line = [from, to].map((at) => [at, planned(told.plan, at)]);
        const quiet = { type: "line", symbol: "none", silent: true, stack: "band", lineStyle: { opacity: 0 }, tooltip: { show: false } };
        const whole = to === day(told.plan.end[0]);
        series.push(
          { ...quiet, name: "low", data: line.map(([at, value]) => [at, value * (1 - told.plan.tolerance)]) },
          { ...quiet, name: "band", data: line.map(([at, value]) => [at, value * 2 * told.plan.tolerance]), areaStyle: { color: t.band, opacity: 0.75 } },
          { type: "line", name: told.words.plan, data: line, symbol: "none", silent: true, lineStyle: { type: [4, 3], width: 1.5, color: t.ink2 },
            endLabel: { show: whole, formatter: wide ? told.plan.label : told.plan.short, color: t.ink2, fontSize: 12, fontFamily: t.font } });
      }
    }
    const last = points.length - 1;
    // The number stands where neither the curve nor the plan comes along.
    const beside = told.plan ? planned(told.plan, points[last][0]) : last ? points[last - 1][1] : -Infinity;
    const above = points[last][1] >= beside;
    const data = points.map((value, at) => at !== last ? { value, symbol: "none" } : {
      value, symbol: "circle", symbolSize: 9, itemStyle: { color: t.brand, borderColor: t.surface, borderWidth: 2 },
      label: { show: true, formatter: told.last, position: above ? "top" : "bottom", distance: 8, color: t.brand, fontWeight: 600, fontFamily: t.num, fontSize: 15 } });
    series.push({ type: "line", name: told.words.actual, data, showSymbol: true, lineStyle: { width: 2.6, color: t.brand }, itemStyle: { color: t.brand }, emphasis: { disabled: true } });
    const axis = { axisLine: { show: false }, axisTick: { show: false }, splitLine: { lineStyle: { color: t.line } } };
    return {
      animation: false, useUTC: true, textStyle: { fontFamily: t.font, fontSize: 12, color: t.ink2 },
      grid: { left: 4, right: !told.plan ? 28 : wide ? 100 : 52, top: 22, bottom: 3, containLabel: true },
      xAxis: { ...axis, type: "time", min: start, max: end, splitLine: { show: false }, minInterval: long ? 28 * 864e5 : 864e5,
        splitNumber: wide ? 12 : 5,
        axisLabel: { color: t.ink3, fontSize: 12, align: "left", showMaxLabel: false, hideOverlap: true, formatter: label } },
      yAxis: { ...axis, type: "value", ...bounds(told, start, end),
        axisLabel: { color: t.ink3, fontFamily: t.num, fontSize: 13, showMinLabel: true, formatter: (value) => told.unit === "share" ? +value.toFixed(1) + "%" : told.sign + short(value, chinese) } },
      // Drawn as SVG text: the HTML tooltip is made of style attributes.
      tooltip: { trigger: "axis", renderMode: "richText", confine: true, backgroundColor: t.surface, borderColor: t.line2, borderWidth: 1, padding: [6, 10],
        textStyle: { color: t.ink, fontSize: 12, fontFamily: t.font, lineHeight: 18 }, axisPointer: { lineStyle: { color: t.line2 } },
        formatter: (found) => {
          const point = found.find((each) => each.seriesName === told.words.actual);
          if (!point) return "";
          const [at, value] = point.value;
          const lines = [new Date(at).toISOString().slice(0, 10), told.words.actual + "  " + written(told, value)];
          if (told.plan && at >= day(told.plan.start[0]) && at <= day(told.plan.end[0])) lines.push(told.words.plan + "  " + written(told, planned(told.plan, at)));
          return lines.join("\n");
        } },
      series,
    };
  }

  function draw(box) {
    const data = document.getElementById(box.dataset.chart);
    if (!data || !window.echarts || !box.clientWidth) return;
    const told = JSON.parse(data.textContent);
    if (!told.points.length) return;
    box.setAttribute("role", "img");
    box.setAttribute("aria-label", told.summary);
    let chart = box.chart;
    if (!chart) {
      box.textContent = "";
      chart = box.chart = window.echarts.init(box, null, { renderer: "svg" });
      drawn.push(box);
    }
    chart.resize();
    chart.setOption(option(told, tokens(), box.clientWidth), true);
  }

  function all() {
    for (const box of document.querySelectorAll("[data-chart]")) draw(box);
  }

  // Curve or table: the links work without script; with it nothing has to be loaded again.
  document.addEventListener("click", (event) => {
    const choice = event.target.closest("[data-view]");
    if (!choice || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const box = document.getElementById(choice.dataset.for), table = document.getElementById(choice.dataset.for + "-table");
    if (!box || !table) return;
    event.preventDefault();
    const curve = choice.dataset.view === "chart";
    box.hidden = !curve;
    table.hidden = curve;
    for (const other of choice.parentNode.querySelectorAll("[data-view]")) {
      if (other === choice) other.setAttribute("aria-current", "true");
      else other.removeAttribute("aria-current");
    }
    if (curve) draw(box);
    history.replaceState(null, "", choice.href);
  });

  let waiting = 0;
  const soon = () => { clearTimeout(waiting); waiting = setTimeout(all, 120); };
  addEventListener("resize", soon);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", soon);
  new MutationObserver(soon).observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme", "class"] });
  // Fonts of numerals come after the first drawing, and change its widths.
  if (document.fonts && document.fonts.ready) document.fonts.ready.then(soon);
  all();
})();
