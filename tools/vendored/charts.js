// The part of ECharts that the console draws with; tools/vendor.py bundles it into static/laoke/vendor/echarts.js.
import * as core from "echarts/core";
import { LineChart } from "echarts/charts";
import { GridComponent, TooltipComponent } from "echarts/components";
import { SVGRenderer } from "echarts/renderers";

core.use([LineChart, GridComponent, TooltipComponent, SVGRenderer]);

export const init = core.init;
