"""Makes the roles and the two users of Airflow 2, in one process instead of three. Airflow 3 has its users from the settings."""

from airflow.www.app import create_app

app = create_app()  # this also makes the roles
with app.app_context():
    manager = app.appbuilder.sm
    for name, role in [("admin", "Admin"), ("viewer", "Viewer")]:
        if not manager.find_user(username=name):
            made = manager.add_user(name, name, "Test", f"{name}@example.com", manager.find_role(role), password=name)
            if not made:
                raise SystemExit(f"the user {name} could not be made")
