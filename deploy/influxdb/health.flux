// What a process of racktwin says of itself, as health of its own. health.sh puts the capital words in.
//
// Measurement prometheus, a field for each metric, as racktwin_history_waiting, all of them floats;
// tags are the labels of the metric, and process.

import "experimental/prometheus"

option task = {name: "NAME", every: 15s}

prometheus.scrape(url: "URL")
    |> drop(columns: ["url"])
    |> set(key: "process", value: "PROCESS")
    |> to(bucket: "INTO")
