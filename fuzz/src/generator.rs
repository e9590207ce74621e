//! Bytes become a scenario, by walking the JSON Schema of scenario files.
//!
//! Whatever the schema knows is made sooner or later, also what is added to it later. What a schema can't say is said here:
//! names lead to nodes that there are, calls don't go in circles, and times and counts are small.

use serde_json::{Map, Value, json};

/// At most so many nodes of a kind.
const MOST_NODES: usize = 3;
/// Beyond this depth only what has to be there is made.
const DEEPEST: usize = 14;

const DURATIONS: [&str; 12] =
    ["0s", "1ns", "1ms", "20ms", "100ms", "300ms", "700ms", "1s", "2s", "5s", "10s", "1h"];
const RATES: [&str; 6] = ["0/s", "0.5/s", "3/s", "10/s", "25/s", "60/min"];
const COUNTS: [u64; 10] = [1, 0, 2, 3, 4, 8, 20, 60, 300, u64::MAX];
const NUMBERS: [f64; 10] = [0.0, 0.1, 0.3, 0.5, 0.9, 1.0, 1.5, 2.0, 4.0, 50.0];
/// How long runs last.
const HORIZONS: [&str; 4] = ["2s", "10s", "25s", "60s"];
const METRICS: [&str; 8] =
    ["pending", "lag", "effects", "lost", "latency_p99_ms", "utilization_ratio", "produced", "up"];

/// Choices, made by bytes: when they are used up, the first of the possibilities.
struct Bytes<'a>(&'a [u8]);

impl Bytes<'_> {
    fn next(&mut self) -> usize {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        usize::from(*first)
    }

    fn below(&mut self, count: usize) -> usize {
        self.next() % count
    }

    fn one_of<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }

    /// True once in four times.
    fn rarely(&mut self) -> bool {
        self.next() % 4 == 3
    }
}

/// A scenario on its way.
struct Generator<'a> {
    schema: &'a Value,
    bytes: Bytes<'a>,
    services: usize,
    brokers: usize,
}

/// The scenario that `bytes` stand for. `schema` is the one of scenario files.
#[must_use]
pub fn scenario(schema: &Value, bytes: &[u8]) -> Value {
    let mut generator = Generator { schema, bytes: Bytes(bytes), services: 0, brokers: 0 };
    generator.scenario()
}

impl Generator<'_> {
    fn scenario(&mut self) -> Value {
        let duration = self.bytes.one_of(&HORIZONS);
        let (mut producers, mut services, mut brokers) = (Map::new(), Map::new(), Map::new());
        for index in 0..=self.bytes.below(MOST_NODES) {
            producers.insert(format!("p{index}"), self.producer());
        }
        let mut made = 0;
        // Each service may bring further services and brokers, and each broker needs somebody who consumes.
        loop {
            if made < self.services {
                let service = self.service(made);
                services.insert(format!("s{made}"), service);
                made += 1;
            } else if let Some(idle) = self.broker_without_consumer(&services) {
                let consume = self.consume(idle);
                let taker = self.bytes.below(MOST_NODES);
                if let Some(taken) = services.get_mut(&format!("s{taker}")) {
                    add(taken, "consumes", consume);
                } else if self.services < 2 * MOST_NODES {
                    let mut service = self.service(made);
                    add(&mut service, "consumes", consume);
                    services.insert(format!("s{made}"), service);
                    made += 1;
                    self.services = made;
                } else {
                    break;
                }
            } else {
                break;
            }
        }
        for index in 0..self.brokers {
            brokers.insert(format!("b{index}"), self.of("Broker", 2, "s0"));
        }
        brokers.values_mut().for_each(mend_queues);
        brokers.values_mut().for_each(mend_letters);
        for node in producers.values_mut().chain(services.values_mut()) {
            only_where_it_means_something(node, &brokers);
        }
        let called = called(producers.values().chain(services.values()));
        services
            .iter_mut()
            .for_each(|(name, service)| only_what_fits(service, called.contains(name)));
        producers.values_mut().for_each(with_jobs_that_fit);
        let mut scenario = json!({
            "title": "Made by chance", "question": "Does it come to its end?",
            "duration": duration, "sample_every": "1s", "seed": self.bytes.next(),
            "producers": producers, "services": services, "brokers": brokers,
        });
        for (key, of) in [("faults", "Fault"), ("alerts", "Alert"), ("expect", "Expectation")] {
            let count = self.bytes.below(4);
            scenario[key] = (0..count).map(|_| self.of(of, 2, "")).collect();
        }
        scenario
    }

    fn producer(&mut self) -> Value {
        let mut producer = self.of("Producer", 2, "");
        if producer.get("arrivals").is_none_or(|all| all == &json!([])) {
            producer["arrivals"] = json!([self.of("ArrivalProcess", 3, "")]);
        }
        producer["sends"] = self.sends(0, true);
        producer
    }

    fn service(&mut self, index: usize) -> Value {
        let mut service = self.of("Service", 2, "");
        service["sends"] = self.sends(index + 1, false);
        service["consumes"] = json!([]);
        if service["sends"] == json!([]) {
            service.as_object_mut().map(|service| service.remove("keys"));
        }
        if service.get("reads").is_some() {
            service["reads"] = json!({ "version": 2 });
        }
        service
    }

    /// What a node sends to services from `first` on, so that nothing goes in a circle.
    fn sends(&mut self, first: usize, at_least_one: bool) -> Value {
        let count = usize::from(at_least_one) + usize::from(self.bytes.rarely());
        (0..count)
            .map(|_| {
                if self.bytes.next().is_multiple_of(2) && first < 2 * MOST_NODES {
                    let to = first + self.bytes.below(2);
                    self.services = self.services.max(to + 1).min(2 * MOST_NODES + 1);
                    let mut call = self.of("Call", 3, "");
                    call["to"] = format!("s{}", to.min(self.services - 1)).into();
                    json!({ "call": call })
                } else {
                    let to = self.bytes.below(MOST_NODES).min(self.brokers);
                    self.brokers = self.brokers.max(to + 1);
                    let mut publish = self.of("Publish", 3, "");
                    publish["to"] = format!("b{to}").into();
                    json!({ "publish": publish })
                }
            })
            .collect()
    }

    fn broker_without_consumer(&self, services: &Map<String, Value>) -> Option<usize> {
        let consumed = |broker: &usize| {
            let name = format!("b{broker}");
            let consumes = services.values().filter_map(|service| service["consumes"].as_array());
            consumes.flatten().any(|consume| consume["from"] == name.as_str())
        };
        (0..self.brokers).find(|broker| !consumed(broker))
    }

    fn consume(&mut self, broker: usize) -> Value {
        let mut consume = self.of("Consume", 3, "");
        consume["from"] = format!("b{broker}").into();
        consume
    }

    fn of(&mut self, definition: &str, depth: usize, key: &str) -> Value {
        let schema = &self.schema["$defs"][definition];
        self.value(schema, depth, key)
    }

    /// A value of `schema`, which stands under `key`.
    fn value(&mut self, schema: &Value, depth: usize, key: &str) -> Value {
        if let Some(reference) = schema["$ref"].as_str() {
            let definition = reference.rsplit('/').next().unwrap_or_default().to_owned();
            return match definition.as_str() {
                // A word may stand there that only means something elsewhere.
                "RandomTime" => self.of("Distribution", depth + 1, key),
                _ => self.of(&definition, depth + 1, key),
            };
        }
        if let Some(value) = schema.get("const") {
            return value.clone();
        }
        for choice in ["oneOf", "anyOf"] {
            if let Some(choices) = schema[choice].as_array() {
                return self.choice(choices, depth, key);
            }
        }
        match self.type_of(schema) {
            "object" => self.object(schema, depth),
            "array" => self.array(schema, depth, key),
            "string" => self.text(schema, key),
            "integer" => self.integer(schema),
            "number" => json!(self.bytes.one_of(&NUMBERS)),
            "boolean" => json!(self.bytes.next().is_multiple_of(2)),
            _ => Value::Null,
        }
    }

    fn type_of<'s>(&mut self, schema: &'s Value) -> &'s str {
        match &schema["type"] {
            Value::Array(types) => {
                let place = self.bytes.below(types.len());
                types[place].as_str().unwrap_or_default()
            }
            one => one.as_str().unwrap_or_default(),
        }
    }

    fn choice(&mut self, choices: &[Value], depth: usize, key: &str) -> Value {
        let needs_a_file = |choice: &&Value| choice["properties"].get("trace").is_some();
        let choices: Vec<&Value> = choices.iter().filter(|choice| !needs_a_file(choice)).collect();
        let place = if depth > DEEPEST { 0 } else { self.bytes.below(choices.len()) };
        self.value(choices[place], depth, key)
    }

    fn object(&mut self, schema: &Value, depth: usize) -> Value {
        let required = schema["required"].as_array().map(Vec::as_slice).unwrap_or_default();
        let mut object = Map::new();
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            let wanted = required.iter().any(|required| required == name.as_str());
            if wanted || (name != "csv" && depth < DEEPEST && self.bytes.rarely()) {
                object.insert(name.clone(), self.value(property, depth + 1, name));
            }
        }
        if let Some(part @ Value::Object(_)) = schema.get("additionalProperties") {
            for index in 0..=self.bytes.below(2) {
                object.insert(format!("n{index}"), self.value(part, depth + 1, "n"));
            }
        }
        Value::Object(object)
    }

    fn array(&mut self, schema: &Value, depth: usize, key: &str) -> Value {
        let fewest = schema["minItems"].as_u64().unwrap_or(0) as usize;
        let count = fewest.max(if depth > DEEPEST { 0 } else { self.bytes.below(3) });
        (0..count).map(|_| self.value(&schema["items"], depth + 1, key)).collect()
    }

    fn text(&mut self, schema: &Value, key: &str) -> Value {
        let pattern = schema["pattern"].as_str().unwrap_or_default();
        if pattern.contains("/") {
            return json!(self.bytes.one_of(&RATES));
        }
        if !pattern.is_empty() || schema.get("examples").is_some() {
            return json!(self.bytes.one_of(&DURATIONS));
        }
        match key {
            "on" | "between" | "node" => {
                let (kind, most) = match self.bytes.below(3) {
                    0 => ('s', self.services),
                    1 => ('b', self.brokers),
                    _ => ('p', 1),
                };
                json!(format!("{kind}{}", self.bytes.below(most.max(1))))
            }
            "metric" => json!(self.bytes.one_of(&METRICS)),
            "variant" => json!("base"),
            // A field of a schema, as one that is declared is called.
            "field" => json!("n0"),
            _ => json!("words"),
        }
    }

    fn integer(&mut self, schema: &Value) -> Value {
        let least = schema["minimum"].as_u64().unwrap_or(0);
        let most = schema["maximum"].as_u64().unwrap_or(u64::from(u32::MAX));
        let wide = schema["format"] == "uint64";
        let count = self.bytes.one_of(&COUNTS).max(least);
        json!(if wide { count } else { count.min(most) })
    }
}

/// Takes away what only some kinds of broker have from what others are for, and names parts that there are.
fn only_where_it_means_something(node: &mut Value, brokers: &Map<String, Value>) {
    for sending in node["sends"].as_array_mut().into_iter().flatten() {
        let Some(publish) = sending.get_mut("publish").and_then(Value::as_object_mut) else {
            continue;
        };
        let broker = publish["to"].as_str().and_then(|to| brokers.get(to));
        name_part(publish, broker);
        mend_client(publish);
    }
    for consume in node.get_mut("consumes").and_then(Value::as_array_mut).into_iter().flatten() {
        let Some(consume) = consume.as_object_mut() else { continue };
        let broker = consume["from"].as_str().and_then(|from| brokers.get(from));
        name_part(consume, broker);
        if broker.is_some_and(|broker| broker.get("sqs").is_some()) {
            for word in ["credit", "commit", "on_failure"] {
                consume.remove(word);
            }
            if consume.get("heartbeat").is_some_and(|beat| !beat.is_null()) {
                consume.insert("heartbeat".to_owned(), json!({ "every": "1s", "by": "2s" }));
            }
            if consume.get("batch").and_then(Value::as_u64).is_some_and(|batch| batch > 10) {
                consume.insert("batch".to_owned(), json!(10));
            }
        }
    }
}

/// A client with transactions has no requests of its own, and one with a quota of 0 sends nothing.
fn mend_client(publish: &mut Map<String, Value>) {
    let Some(client) = publish.get_mut("client").and_then(Value::as_object_mut) else { return };
    if client.get("transaction").is_some_and(|transaction| !transaction.is_null()) {
        for word in ["max_in_flight", "request_time", "quota"] {
            client.remove(word);
        }
    }
    for (word, value) in [("max_in_flight", json!(3)), ("quota", json!("3/s"))] {
        if client.get(word).is_some_and(|it| !it.is_null()) {
            client.insert(word.to_owned(), value);
        }
    }
}

/// Names a part of the broker, the last one if any was named, and takes away the words of other brokers.
fn name_part(words: &mut Map<String, Value>, broker: Option<&Value>) {
    let last = words.remove("topic").is_some() | words.remove("queue").is_some();
    if broker.is_none_or(|broker| broker.get("queue").is_none()) {
        words.remove("poll_every");
    }
    let parts = |kind: &str, parts: &str| broker?[kind][parts].as_object();
    let letters = parts("amqp", "queues");
    address(words, broker);
    let queues = parts("sqs", "queues").or(letters.filter(|_| !words.contains_key("exchange")));
    let (word, parts) = match (parts("log", "topics"), queues) {
        (Some(topics), _) => ("topic", topics),
        (None, queues) => {
            words.remove("group");
            words.remove("partition_by");
            let Some(queues) = queues else { return };
            ("queue", queues)
        }
    };
    if let Some(name) = if last { parts.keys().next_back() } else { parts.keys().next() } {
        words.insert(word.to_owned(), json!(name));
    }
}

/// What only brokers with exchanges know; at those, an exchange and a key that there are.
fn address(words: &mut Map<String, Value>, broker: Option<&Value>) {
    let Some(amqp) = broker.and_then(|broker| broker.get("amqp")) else {
        let words_of_amqp = ["exchange", "routing_key", "headers", "mandatory", "confirms", "ttl"];
        for word in words_of_amqp.iter().chain(&["max_unconfirmed", "prefetch"]) {
            words.remove(*word);
        }
        if words.contains_key("from") {
            words.remove("priority");
        }
        if broker.is_none_or(|broker| broker.get("sqs").is_none()) {
            words.remove("delay");
            words.remove("heartbeat");
        }
        return;
    };
    for word in ["delay", "heartbeat", "credit", "registry"] {
        words.remove(word);
    }
    let is_subscription = words.contains_key("from");
    if is_subscription && words.get("on_failure") == Some(&json!("halt")) {
        words.remove("on_failure");
    }
    if words.contains_key("max_unconfirmed") {
        words.insert("max_unconfirmed".to_owned(), json!(3));
        words.insert("confirms".to_owned(), json!(true));
    }
    let exchange = amqp["exchanges"].as_object().and_then(|all| all.keys().next());
    match (words.remove("exchange"), exchange) {
        (Some(_), Some(exchange)) => {
            words.insert("exchange".to_owned(), json!(exchange));
            words.insert("routing_key".to_owned(), json!("n0"));
        }
        (Some(_) | None, _) => {
            words.remove("routing_key");
        }
    }
}

/// The same for queues with exchanges: names lead to what there is, and no queue has words of the other type.
fn mend_letters(broker: &mut Value) {
    let Some(amqp) = broker.get_mut("amqp").and_then(Value::as_object_mut) else { return };
    let first = |amqp: &Map<String, Value>, key: &str| {
        amqp.get(key).and_then(Value::as_object).and_then(|all| all.keys().next().cloned())
    };
    let (exchange, queue) = (first(amqp, "exchanges"), first(amqp, "queues"));
    for exchange in amqp.get_mut("exchanges").and_then(Value::as_object_mut).into_iter().flatten() {
        *exchange.1 = json!({ "type": if exchange.0 == "n0" { "topic" } else { "fanout" } });
    }
    let count = amqp.get("bindings").and_then(Value::as_array).map_or(0, Vec::len);
    let binding = |_| json!({ "exchange": exchange, "queue": queue, "key": "n0" });
    let count = if exchange.is_some() { count } else { 0 };
    amqp.insert("bindings".to_owned(), (0..count).map(binding).collect());
    if amqp.get("memory").is_some_and(|memory| !memory.is_null()) {
        amqp.insert("memory".to_owned(), json!({ "bytes": 20_000, "check_every": "1s" }));
    }
    if amqp.get("disk").is_some_and(|disk| !disk.is_null()) {
        amqp.insert("disk".to_owned(), json!({ "bytes": 50_020_000 }));
    }
    if amqp.get("ingress").is_some_and(|ingress| !ingress.is_null()) {
        amqp.insert("ingress".to_owned(), json!({ "rate": "10/s", "credit": 4, "more_after": 2 }));
    }
    for time in ["heartbeat_timeout", "consumer_timeout", "timeout_check_every"] {
        if amqp.contains_key(time) {
            amqp.insert(time.to_owned(), json!("5s"));
        }
    }
    amqp.remove("message_bytes");
    for queue in amqp.get_mut("queues").and_then(Value::as_object_mut).into_iter().flatten() {
        let Some(queue) = queue.1.as_object_mut() else { continue };
        let is_quorum = queue.get("type") == Some(&json!("quorum"));
        queue.remove(if is_quorum { "durable" } else { "delivery_limit" });
        queue.remove("expires");
        queue.remove("dead_letter_routing_key");
        if queue.contains_key("dead_letter_exchange") {
            queue.insert("dead_letter_exchange".to_owned(), json!(""));
        }
        for (limit, value) in [("max_length", 5), ("max_length_bytes", 9_000)] {
            if queue.get(limit).is_some_and(|limit| !limit.is_null()) {
                queue.insert(limit.to_owned(), json!(value));
            }
        }
        let has_limit = ["max_length", "max_length_bytes"]
            .iter()
            .any(|limit| queue.get(*limit).is_some_and(|limit| !limit.is_null()));
        if !has_limit || is_quorum {
            queue.remove("overflow");
        }
        if queue.get("overflow") == Some(&json!("reject_publish_dlx")) {
            queue.insert("dead_letter_exchange".to_owned(), json!(""));
        }
    }
}

/// Makes values fit together that a schema knows nothing of: what is put aside goes to the second queue, if that is of the same kind.
fn mend_queues(broker: &mut Value) {
    let Some(queues) = broker.get_mut("sqs").and_then(|sqs| sqs["queues"].as_object_mut()) else {
        return;
    };
    let kind = |queue: &Value| queue.as_object().and_then(|kinds| kinds.keys().next().cloned());
    let kinds: Vec<_> = queues.values().map(kind).collect();
    let may_redrive = kinds.len() == 2 && kinds[0] == kinds[1];
    for (place, queue) in queues.values_mut().enumerate() {
        let Some(settings) = queue.as_object_mut().and_then(|kinds| kinds.values_mut().next())
        else {
            continue;
        };
        let Some(settings) = settings.as_object_mut() else { continue };
        settings.remove("redrive_back");
        if place == 0 && may_redrive {
            if let Some(redrive) = settings.get_mut("redrive").and_then(Value::as_object_mut) {
                redrive.insert("dead_letter_queue".to_owned(), json!("n1"));
            }
        } else {
            settings.remove("redrive");
        }
        if let Some(retention) = settings.get_mut("retention") {
            *retention = json!("1h");
        }
        settings.insert("visibility_timeout".to_owned(), json!("5s"));
    }
}

/// The names of all services that are called.
fn called<'v>(nodes: impl Iterator<Item = &'v Value>) -> Vec<String> {
    let sends = nodes.flat_map(|node| node["sends"].as_array().into_iter().flatten());
    sends.filter_map(|sending| sending["call"]["to"].as_str().map(str::to_owned)).collect()
}

/// Batches are of one subscription and pairs of two, and neither answers calls.
fn only_what_fits(service: &mut Value, is_called: bool) {
    let count = service["consumes"].as_array().map_or(0, Vec::len);
    let wanted = match &service["works_on"] {
        Value::Object(works_on) if works_on.contains_key("batch") => 1,
        Value::Object(_) => 2,
        _ => return,
    };
    if let Some(service) = service.as_object_mut() {
        let unfit = is_called || count != wanted;
        service.remove(if unfit { "works_on" } else { "concurrency_control" });
    }
}

/// Jobs have names and needs, keys of their own and one destination.
fn with_jobs_that_fit(producer: &mut Value) {
    let waits = |process: &Value| process.get("closed_loop").is_some();
    let has_users = producer["arrivals"].as_array().is_some_and(|all| all.iter().any(waits));
    let Some(producer) = producer.as_object_mut().filter(|producer| producer.contains_key("jobs"))
    else {
        return;
    };
    if has_users || producer["jobs"].is_null() {
        producer.remove("jobs");
        return;
    }
    producer.remove("keys");
    producer["jobs"]["needs"] = json!({ "c": ["a", "b"], "a": [], "b": ["a"] });
    if let Some(sends) = producer.get_mut("sends").and_then(Value::as_array_mut) {
        sends.truncate(1);
    }
}

fn add(node: &mut Value, list: &str, value: Value) {
    if let Some(list) = node[list].as_array_mut() {
        list.push(value);
    }
}
