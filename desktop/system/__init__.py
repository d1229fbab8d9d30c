"""What the operating system does for the application: sleep, tray, notifications, crashes."""
