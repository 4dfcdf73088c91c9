use super::*;

fn within(ready_within: Duration) -> Lives {
    Lives { ready_within, restarts: 0 }
}

fn command(text: &str) -> ServerCommand {
    ServerCommand::parse(text).unwrap()
}

#[test]
fn words_are_split_as_a_shell_does_and_the_port_is_put_in() {
    let words = command(r#"./my server's' "a b" --listen=:{port} $HOME"#).on(2525).words;
    assert_eq!(words, ["./my", "servers", "a b", "--listen=:2525", "$HOME"]);
    assert!(command("x {port}").takes_port() && !command("x port").takes_port());
    assert!(ServerCommand::parse("x 'y").is_err() && ServerCommand::parse("  ").is_err());
}

#[test]
fn a_free_port_is_none_that_a_client_gets() {
    for _ in 0..20 {
        assert!(PORTS.contains(&free_port().unwrap()));
    }
}

#[tokio::test]
async fn what_can_not_be_started_is_named() {
    let address = SocketAddr::from(([127, 0, 0, 1], free_port().unwrap()));
    let second = within(Duration::from_secs(1));
    let error = command("/nowhere/server").launch(address, second).await.unwrap_err();
    assert!(error.to_string().contains("`/nowhere/server` could not be started"), "{error}");
    let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let error = command("true").launch(taken.local_addr().unwrap(), second).await.unwrap_err();
    assert!(matches!(error, LaunchError::Occupied(_)), "{error}");
}

#[cfg(unix)]
#[tokio::test]
async fn one_that_ends_before_it_listens_is_quoted() {
    let address = SocketAddr::from(([127, 0, 0, 1], free_port().unwrap()));
    let dies = command(r#"sh -c 'printf "\033[31mno such option" >&2; exit 3'"#);
    let error =
        dies.launch(address, within(Duration::from_secs(10))).await.unwrap_err().to_string();
    assert!(error.contains("exit status: 3"), "{error}");
    assert!(error.contains(r"\x1b[31mno such option"), "{error}");
}

#[cfg(unix)]
#[tokio::test]
async fn one_that_never_listens_is_ended_with_its_children() {
    let address = SocketAddr::from(([127, 0, 0, 1], free_port().unwrap()));
    let folder = tempfile::tempdir().unwrap();
    let pid = folder.path().join("pid");
    let text = format!("sh -c 'sleep 1000 & echo $! > {}; wait'", pid.display());
    let error = command(&text).launch(address, within(Duration::from_secs(1))).await.unwrap_err();
    assert!(matches!(error, LaunchError::NotReady(..)), "{error}");
    let child = std::fs::read_to_string(pid).unwrap();
    let status = format!("/proc/{}/stat", child.trim());
    // Where the system tells of processes: it is gone, or waits to be buried.
    let gone = || !std::fs::read_to_string(&status).is_ok_and(|stat| !stat.contains(") Z"));
    for _ in 0..200 {
        if gone() {
            return;
        }
        sleep(LOOK).await;
    }
    panic!("the child of the server still lives");
}
