// Buckets of WIDTH of all that is in RAW, into INTO. rollups.sh puts the capital words in.
//
// Fields, by the metric's name: RackPower_min, _max, _mean and _last are of good values alone, and
// floats; n is how many readings there were and good how many of them were good, both integers.
// Measurements and tags are those of the readings. Each run writes the same points anew for as long
// back as BACK, so that what came late is in them.

import "date"

option task = {name: "NAME", every: EVERY, offset: OFFSET}

width = WIDTH
stop = date.truncate(t: now(), unit: width)
start = date.sub(from: stop, d: BACK)

// Functions, each of whose calls the storage answers by itself: a stream that is used twice is read
// row by row.
data = () => from(bucket: "RAW")
    |> range(start: start, stop: stop)
good = () => data()
    |> filter(fn: (r) => r._field != "quality" and r._field != "bad" and r._field != "document")
all = () => data()
    |> filter(fn: (r) => r._field == "quality")

good()
    |> aggregateWindow(every: width, fn: min, timeSrc: "_start", createEmpty: false)
    |> map(fn: (r) => ({r with _field: r._field + "_min"}))
    |> to(bucket: "INTO")
good()
    |> aggregateWindow(every: width, fn: max, timeSrc: "_start", createEmpty: false)
    |> map(fn: (r) => ({r with _field: r._field + "_max"}))
    |> to(bucket: "INTO")
good()
    |> aggregateWindow(every: width, fn: mean, timeSrc: "_start", createEmpty: false)
    |> map(fn: (r) => ({r with _field: r._field + "_mean"}))
    |> to(bucket: "INTO")
good()
    |> aggregateWindow(every: width, fn: last, timeSrc: "_start", createEmpty: false)
    |> map(fn: (r) => ({r with _field: r._field + "_last"}))
    |> to(bucket: "INTO")
good()
    |> aggregateWindow(every: width, fn: count, timeSrc: "_start", createEmpty: false)
    |> set(key: "_field", value: "good")
    |> to(bucket: "INTO")
all()
    |> aggregateWindow(every: width, fn: count, timeSrc: "_start", createEmpty: false)
    |> set(key: "_field", value: "n")
    |> to(bucket: "INTO")
