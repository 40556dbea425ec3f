use super::super::{Layers, Settings, resolve};

fn settings(set: &[(&str, &str)]) -> Result<Settings, String> {
    let flag =
        |(key, value): &(&str, &str)| ((*key).to_owned(), "--set".to_owned(), (*value).to_owned());
    let flags = set.iter().map(flag).collect();
    let resolved = resolve(&Layers {
        flags,
        ..Layers::default()
    });
    let resolved = resolved.map_err(|error| error.to_string())?;
    Settings::new(&resolved).map_err(|error| error.to_string())
}

#[test]
fn no_listener_is_open_by_default() {
    assert!(settings(&[]).unwrap().senders.listeners.is_empty());
}

#[test]
fn off_loopback_a_listener_needs_tls_or_the_risk_in_words() {
    let open = ("graphite.listen", "0.0.0.0:2003");
    let error = settings(&[open]).unwrap_err();
    assert!(error.contains("without_tls"), "{error}");
    let error = settings(&[open, ("graphite.tls", "true")]).unwrap_err();
    assert!(error.contains("tls.certificate"), "{error}");
    for (words, takes) in [
        ("any_address_identified_by_source_alone", false),
        ("any_address_with_credentials_in_clear", true),
    ] {
        let settings = settings(&[open, ("graphite.without_tls", words)]).unwrap();
        assert_eq!(
            settings.senders.listeners[0].takes_credentials, takes,
            "{words}"
        );
    }
    let local = settings(&[("graphite.listen", "2003"), ("pickle.listen", "2004")]).unwrap();
    let takes: Vec<bool> = local
        .senders
        .listeners
        .iter()
        .map(|listener| listener.takes_credentials)
        .collect();
    assert_eq!(takes, [true, false]);
    let open = ("lumberjack.listen", "0.0.0.0:9095");
    let error = settings(&[open]).unwrap_err();
    assert!(error.contains("tls.certificate"), "{error}");
    let plain = |words| ("lumberjack.without_tls", words);
    let error = settings(&[open, plain("loopback_only")]).unwrap_err();
    assert!(error.contains("0.0.0.0:9095"), "{error}");
    settings(&[open, plain("any_address_with_credentials_in_clear")]).unwrap();
    settings(&[("lumberjack.listen", "9095"), plain("loopback_only")]).unwrap();
    let alone = ("senders.client_ca_file", "ca.pem");
    let error = settings(&[alone]).unwrap_err();
    assert!(error.contains("are set together"), "{error}");
    let udp = ("graphite.udp_listen", ":2003");
    let error = settings(&[udp]).unwrap_err();
    assert!(
        error.contains("graphite.allow_udp_on_any_address"),
        "{error}"
    );
    settings(&[udp, ("graphite.allow_udp_on_any_address", "true")]).unwrap();
}

/// They count by their domain alone, or as one source.
#[test]
fn a_listener_behind_a_proxy_needs_one_that_is_trusted() {
    for table in ["graphite", "pickle", "statsd", "lumberjack"] {
        let (listen, flag) = (format!("{table}.listen"), format!("{table}.proxy_protocol"));
        let plain = ("lumberjack.without_tls", "loopback_only");
        let set = [(listen.as_str(), "2003"), (flag.as_str(), "true"), plain];
        let error = settings(&set).unwrap_err();
        let expected = format!("`{flag} = true` needs `trusted_proxies`");
        assert!(error.contains(&expected), "{error}");
        let proxy = ("trusted_proxies", "10.0.0.7");
        let listeners = |set: &[_]| settings(set).unwrap().senders.listeners;
        let listener = listeners(&[&set[..], &[proxy]].concat())[0];
        assert!(listener.is_behind_proxy && listener.transport() == "TCP, PROXY");
        assert!(!listeners(&[set[0], plain, proxy])[0].is_behind_proxy);
        // Of a listener that is not open nothing is asked.
        assert!(listeners(&[set[1]]).is_empty());
    }
}

#[test]
fn a_key_before_names_crosses_no_network_unless_that_is_said() {
    let takes = |set: &[(&str, &str)]| {
        let listeners = settings(set).unwrap().senders.listeners;
        listeners
            .iter()
            .map(|listener| listener.takes_keys)
            .collect::<Vec<_>>()
    };
    let senders = settings(&[("statsd.listen", "8125")]).unwrap().senders;
    let who = senders.listeners[0].identity(&senders);
    assert_eq!(who, "`KEY.` before each name, where the space takes it");
    let local = [
        ("statsd.listen", "8125"),
        ("statsd.udp_listen", "8125"),
        ("graphite.udp_listen", "2003"),
    ];
    assert_eq!(takes(&local), [true; 3]);
    let error = settings(&[("statsd.udp_listen", ":8125")]).unwrap_err();
    assert!(error.contains("statsd.allow_udp_on_any_address"), "{error}");
    let udp = [
        ("statsd.udp_listen", ":8125"),
        ("statsd.allow_udp_on_any_address", "true"),
    ];
    assert_eq!(takes(&udp), [false]);
    let words = "any_address_with_credentials_in_clear";
    let clear = [&udp[..], &[("statsd.without_tls", words)]].concat();
    assert_eq!(takes(&clear), [true]);
}

#[test]
fn collectd_is_off_loopback_where_it_is_signed_or_that_is_said() {
    let open = ("collectd.listen", ":25826");
    let error = settings(&[open]).unwrap_err();
    assert!(
        error.contains("collectd.allow_clear_on_any_address"),
        "{error}"
    );
    settings(&[open, ("collectd.allow_clear_on_any_address", "true")]).unwrap();
    let signed = settings(&[open, ("collectd.security_level", "sign")]).unwrap();
    let senders = &signed.senders;
    let who = senders.listeners[0].identity(senders);
    assert_eq!(who, "nobody: `collectd.users` is empty");
    let clear = settings(&[("collectd.listen", "127.0.0.1:25826")]).unwrap();
    let who = clear.senders.listeners[0].identity(&clear.senders);
    assert_eq!(
        who,
        "nobody: `collectd.users` and `senders.sources` are empty"
    );
    let key = "ApiKey-01234567-89ab-cdef-0123-456789abcdef";
    let users = format!("web7={key}");
    let known = settings(&[("collectd.listen", "25826"), ("collectd.users", &users)]).unwrap();
    let who = known.senders.listeners[0].identity(&known.senders);
    assert_eq!(who, format!("signed or encrypted: web7 as {key}"));
    for wrong in [
        ("statsd.percentiles", "90,0"),
        ("statsd.percentiles", "ninety"),
        ("statsd.histograms", "a"),
        ("statsd.prefix", "a..b"),
        ("collectd.users", "web7=vgk_secret"),
    ] {
        let error = settings(&[wrong]).unwrap_err();
        assert!(
            error.contains(wrong.0.split('.').next().unwrap()),
            "{error}"
        );
        assert!(!error.contains("secret"), "{error}");
    }
}
