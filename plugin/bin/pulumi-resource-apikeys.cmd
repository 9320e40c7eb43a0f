@node "%~dp0\main.js" %*
