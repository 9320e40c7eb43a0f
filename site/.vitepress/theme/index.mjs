// The fonts of the system: nothing is downloaded for a letter.
import theme from "vitepress/theme-without-fonts";
import "./style.css";

export default theme;
