<?php
// What PHP's own web server asks about each request: whether the database is there, or the frontend's own file.
if ($_SERVER['REQUEST_URI'] !== '/database') {
  return false;
}
mysqli_report(MYSQLI_REPORT_OFF);
http_response_code(@mysqli_connect('localhost', 'zabbix', '', 'zabbix') ? 200 : 503);
